import { FanfareError } from '@fanfare/core/contract'

/** The two globals that bytes need to travel as text; every runtime has them, but not every realm. */
interface Host {
  readonly btoa?: (binary: string) => string
  readonly atob?: (text: string) => string
}

/** So many character codes fit into the arguments of one call. */
const CHUNK = 8_192

function host(): Required<Host> {
  const { btoa, atob } = globalThis as unknown as Host
  if (!btoa || !atob)
    throw new FanfareError('bad-message', 'bytes cannot travel: this runtime has no btoa and atob')
  return { btoa, atob }
}

/** @throws FanfareError `bad-message` where the runtime has no `btoa` */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return host().btoa(binary)
}

/** `undefined` when `text` is no base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = host().atob(text)
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
