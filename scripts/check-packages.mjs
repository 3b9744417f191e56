// Checks the packages as a user gets them: packs each one, lints the tarballs, installs them into an empty project,
// and there type-checks and runs the quick start of the README.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'

const patienceMs = 20_000
const root = fileURLToPath(new URL('../', import.meta.url))
const bin = (name) => join(root, 'node_modules/.bin', name)
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

class CheckFailed extends Error {}

/** Runs a program to its end; what it prints is shown only if it fails. */
function run(command, args, cwd = root) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim()
    throw new CheckFailed(`${[command.split('/').at(-1), ...args].join(' ')}\n${said || error.message}`)
  }
}

function pack(folder) {
  mkdirSync(folder)
  const packed = JSON.parse(run('npm', ['pack', '--workspaces', '--json', '--pack-destination', folder]))
  const list = Array.isArray(packed) ? packed : Object.values(packed)
  return list.map(({ name, filename }) => ({ name, tarball: join(folder, filename) }))
}

function lint({ tarball }) {
  run(bin('publint'), ['run', tarball, '--strict'])
  run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-color'])
}

function install(project, packages) {
  const { devDependencies: pinned } = readJson(join(root, 'package.json'))
  const fromRegistry = ['ws', 'typescript', '@types/node'].map((name) => `${name}@${pinned[name]}`)
  const specs = [...packages.map(({ tarball }) => tarball), ...fromRegistry]
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', ...specs], project)
}

/** A map that names a file the package lacks makes a debugger show nothing; so does a built file without a source. */
function checkMaps(project, { name }) {
  const folder = join(project, 'node_modules', name)
  const files = readdirSync(join(folder, 'dist'), { recursive: true }).map((file) =>
    join(folder, 'dist', file),
  )
  for (const map of files.filter((file) => file.endsWith('.map'))) {
    for (const source of readJson(map).sources) {
      if (existsSync(resolve(dirname(map), source))) continue
      throw new CheckFailed(`${name}: ${map.slice(folder.length + 1)} is made from ${source}, which is not packed
If the source is gone, the build is stale: npm run clean`)
    }
  }
}

function quickStart() {
  const readme = join(root, 'README.md')
  if (!existsSync(readme)) throw new CheckFailed('there is no README.md, so there is no quick start to try')
  const below = readFileSync(readme, 'utf8').split(/^#+ +quick start\b.*$/im)[1]
  if (below === undefined) throw new CheckFailed('README.md has no heading "Quick start"')
  const program = /^```(?:ts|typescript)\b[^\n]*\n(.*?)^```/ms.exec(below)?.[1]
  if (program === undefined) throw new CheckFailed('README.md has no ```ts block below "Quick start"')
  return program
}

function compile(project, program) {
  writeFileSync(join(project, 'quick-start.ts'), program)
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    types: ['node'],
    outDir: 'built',
  }
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['quick-start.ts'] }),
  )
  run(join(project, 'node_modules/.bin/tsc'), ['-p', project])
}

function freePort() {
  return new Promise((resolvePort, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolvePort(port))
    })
  })
}

function within(what, attempt) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new CheckFailed(`${what}: nothing within ${patienceMs} ms`)), patienceMs)
  })
  return Promise.race([attempt, late]).finally(() => clearTimeout(timer))
}

/** Resolves to the address in the line that says where the server listens. */
function listening(server) {
  return new Promise((found, reject) => {
    let said = ''
    const read = (chunk) => {
      said += chunk
      const address = /listening on (http:\/\/[^\s"')]+)/.exec(said)?.[1]
      if (address !== undefined && said.includes('\n')) found(new URL(address))
    }
    server.stdout.setEncoding('utf8').on('data', read)
    server.stderr.setEncoding('utf8').on('data', read)
    server.once('error', reject)
    server.once('exit', (code) =>
      reject(new CheckFailed(`the quick start ended by itself (${code}):\n${said}`)),
    )
  })
}

function firstFrame(address) {
  address.protocol = 'ws:'
  const socket = new WebSocket(address)
  const frame = new Promise((received, reject) => {
    socket.once('message', (data) => received(data.toString()))
    socket.once('error', (error) => reject(new CheckFailed(`${address.href}: ${error.message}`)))
    socket.once('close', (code) =>
      reject(new CheckFailed(`${address.href}: closed with ${code} before a frame`)),
    )
  })
  return frame.finally(() => socket.terminate())
}

async function tryOut(project) {
  const server = spawn(process.execPath, ['built/quick-start.js'], {
    cwd: project,
    env: { ...process.env, PORT: String(await freePort()) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const gone = new Promise((done) => server.once('close', done))
  try {
    const address = await within('the line "listening on http://"', listening(server))
    return await within('the first frame', firstFrame(address))
  } finally {
    server.kill('SIGKILL')
    await gone
  }
}

async function check(scratch) {
  const program = quickStart()
  run(bin('tsc'), ['-b'])
  const packages = pack(join(scratch, 'tarballs'))
  for (const each of packages) lint(each)
  console.log(`publint and attw: nothing to say about ${packages.map(({ name }) => name).join(', ')}`)

  const project = join(scratch, 'project')
  install(project, packages)
  for (const each of packages) checkMaps(project, each)
  compile(project, program)
  console.log('quick start: compiles against the installed packages')
  console.log(`quick start: runs, and its first frame is ${await tryOut(project)}`)
}

const scratch = mkdtempSync(join(tmpdir(), 'fanfare-packages-'))
try {
  await check(scratch)
} catch (error) {
  if (!(error instanceof CheckFailed)) throw error
  console.error(`check-packages: ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
