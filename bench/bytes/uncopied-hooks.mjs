// Loads a module that ends in ?uncopied, and all that it imports, a second time: with bytes that are kept as they come.
const COPIES = 'ground/bytes.js?uncopied'

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  const ours = context.parentURL?.endsWith('?uncopied') && resolved.url.startsWith('file:')
  return ours ? { ...resolved, url: `${resolved.url}?uncopied` } : resolved
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.endsWith(COPIES)) return next(url, context)
  return { format: 'module', shortCircuit: true, source: 'export const taken = (data) => data' }
}
