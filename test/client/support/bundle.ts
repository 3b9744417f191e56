import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'

const ENTRY = 'entry.ts'
const client = fileURLToPath(new URL('../../../client/src/index.ts', import.meta.url))

/** What a bundler makes of a module that uses the client: one minified file. */
export async function bundleOf(source: string): Promise<string> {
  const bundle = await rolldown({
    input: ENTRY,
    platform: 'browser',
    treeshake: { moduleSideEffects: false },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) =>
          id === ENTRY ? { id, moduleSideEffects: true } : id === '@fanfare/client' ? client : null,
        load: (id) => (id === ENTRY ? source : null),
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  return output[0].code.trim()
}
