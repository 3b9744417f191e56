import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'

const ENTRY = 'entry.ts'
const source = (name: string): string =>
  fileURLToPath(new URL(`../../../client/src/${name}.ts`, import.meta.url))
const ENTRIES: Readonly<Record<string, string>> = {
  '@fanfare/client': source('index'),
  '@fanfare/client/slim': source('slim'),
}

/** What a bundler makes of a module that uses the client: one minified file. */
export async function bundleOf(source: string): Promise<string> {
  const bundle = await rolldown({
    input: ENTRY,
    platform: 'browser',
    treeshake: { moduleSideEffects: false },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? { id, moduleSideEffects: true } : (ENTRIES[id] ?? null)),
        load: (id) => (id === ENTRY ? source : null),
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  return output[0].code.trim()
}
