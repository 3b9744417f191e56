// Runs one module, and all it imports, in a context that has the ECMAScript globals and no others.
// Usage: node --experimental-vm-modules --experimental-import-meta-resolve realm.mjs <module>
// Exit 0 means that the module loaded and ran to its end.
import { readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import vm from 'node:vm'

const entry = pathToFileURL(process.argv[2])
const context = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } })
// V8 itself provides these two; the language does not.
vm.runInContext('delete globalThis.console; delete globalThis.WebAssembly', context)

/** The nearest package.json decides what a .js file is. */
function isCommonJs(path) {
  if (extname(path) !== '.js') return extname(path) === '.cjs'
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type !== 'module'
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
  }
  return true
}

function commonJs(path, identifier) {
  const body = vm.compileFunction(readFileSync(path, 'utf8'), ['module', 'exports', 'require'], {
    parsingContext: context,
    filename: path,
  })
  const module = { exports: vm.runInContext('({})', context) }
  body(module, module.exports, (name) => {
    throw new Error(`${path} requires ${name}`)
  })
  return new vm.SyntheticModule(
    ['default'],
    function () {
      this.setExport('default', module.exports)
    },
    { context, identifier },
  )
}

const modules = new Map()
function load(url) {
  const known = modules.get(url)
  if (known) return known
  if (!url.startsWith('file:')) throw new Error(`${url} exists in Node only`)
  const path = fileURLToPath(url)
  const module = isCommonJs(path)
    ? commonJs(path, url)
    : new vm.SourceTextModule(readFileSync(path, 'utf8'), { context, identifier: url })
  modules.set(url, module)
  return module
}

function resolve(specifier, from) {
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, from).href
  return import.meta.resolve(specifier, from)
}

const main = load(entry.href)
await main.link((specifier, importer) => load(resolve(specifier, importer.identifier)))
await main.evaluate()
