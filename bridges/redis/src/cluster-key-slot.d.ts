declare module 'cluster-key-slot' {
  /** The slot, 0 to 16383, of a key or of a shard channel. */
  function keySlot(key: string | Uint8Array): number
  export = keySlot
}
