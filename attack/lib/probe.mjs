// Loaded into the server before its own code: says what it holds, after a collection of garbage, when it is asked. It
// changes nothing else, and opens no file: the server may be out of them.
/** @type {() => Promise<number>} */
const held = await ('Bun' in globalThis ? inBun() : inNode())

process.on('message', (question) => {
  if (question === 'measure') void held().then((bytes) => process.send?.({ held: bytes }))
})

async function inBun() {
  // @ts-expect-error -- there is such a module in Bun
  const { fullGC, heapSize } = await import('bun:jsc')
  return async () => {
    fullGC()
    return heapSize()
  }
}

async function inNode() {
  const { getHeapStatistics } = await import('node:v8')
  return async () => {
    for (let i = 0; i < 2; i++) globalThis.gc?.()
    const { used_heap_size: used, external_memory: external } = getHeapStatistics()
    return used + external
  }
}
