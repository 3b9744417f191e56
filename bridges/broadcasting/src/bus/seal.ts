import { OptionError } from '@fanfare/core/contract'

/** What is needed of `node:crypto`, which Node, Bun and Deno have; not imported, since this package loads without it too. */
interface Crypto {
  createHmac(algorithm: 'sha256', key: string): Hmac
}

interface Hmac {
  update(text: string, encoding: 'utf8'): Hmac
  digest(encoding: 'base64url'): string
}

interface Host {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown }
}

const LEAST_CHARACTERS = 16
const MOST_SECRETS = 8
/** The last member of a header: 256 bits in base64url. */
const SIGNED = /^(\{.*),"g":"([\w-]{43})"\}$/
const TAKES = `a secret of at least ${String(LEAST_CHARACTERS)} characters, or a list of 1 to ${String(MOST_SECRETS)} of them`

/**
 * Signs what this node sends and tells whether what came was signed: HMAC-SHA-256 over the name on the bus and the letter without
 * its signature. The first secret signs, all of them verify, so that one can be replaced while nodes run.
 */
export class Seal {
  readonly #secrets: readonly string[]
  readonly #crypto: Crypto

  private constructor(secrets: readonly string[], crypto: Crypto) {
    this.#secrets = secrets
    this.#crypto = crypto
  }

  /**
   * `undefined` without a secret.
   *
   * @throws OptionError, in which there is no secret, when they are none, or when the runtime has no `node:crypto`
   */
  static of(secret: unknown): Seal | undefined {
    if (secret === undefined) return undefined
    const secrets: readonly unknown[] = Array.isArray(secret) ? secret : [secret]
    const right = secrets.length > 0 && secrets.length <= MOST_SECRETS && secrets.every(isSecret)
    if (!right) throw new OptionError('secret', TAKES, kindOf(secret))
    const crypto = (globalThis as unknown as Host).process?.getBuiltinModule?.('node:crypto')
    if (!crypto) throw new OptionError('secret', 'a runtime that has node:crypto', 'one without it')
    return new Seal(secrets as readonly string[], crypto as Crypto)
  }

  /**
   * The header with its signature.
   *
   * @param name - the name on the bus
   * @param version - what stands in front of the header
   * @param header - JSON, an object with members
   */
  sign(name: string, version: string, header: string, payload: string): string {
    const signature = this.#signature(this.#secrets[0] ?? '', `${name}\n${version}${header}\n`, payload)
    return `${header.slice(0, -1)},"g":"${signature}"}`
  }

  /** Whether the header bears the signature of one who has one of the secrets. Never throws. */
  verify(name: string, version: string, header: string, payload: string): boolean {
    const [, bare, signature] = SIGNED.exec(header) ?? []
    if (bare === undefined || signature === undefined) return false
    const head = `${name}\n${version}${bare}}\n`
    return this.#secrets.some((secret) => isEqual(signature, this.#signature(secret, head, payload)))
  }

  #signature(secret: string, head: string, payload: string): string {
    const hmac = this.#crypto.createHmac('sha256', secret)
    return hmac.update(head, 'utf8').update(payload, 'utf8').digest('base64url')
  }
}

/** In a time that does not tell how much of it was right. */
function isEqual(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let at = 0; at < other.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at)
  return difference === 0
}

function isSecret(secret: unknown): boolean {
  return typeof secret === 'string' && secret.length >= LEAST_CHARACTERS
}

function kindOf(secret: unknown): string {
  if (typeof secret === 'string') return 'a shorter one'
  return Array.isArray(secret) ? 'a list with others' : typeof secret
}
