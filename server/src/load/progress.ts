const EACH_MS = 200

/** One line on a terminal that is written over again and again; nothing where there is no terminal. */
export class Progress {
  readonly #write: ((text: string) => void) | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param write - writes to the terminal; `undefined` when there is none */
  constructor(write: ((text: string) => void) | undefined) {
    this.#write = write
  }

  /** Shows a line again and again, until another one is shown, or none. */
  show(line: () => string): void {
    this.end()
    const write = this.#write
    if (!write) return
    const draw = (): void => write(`\r\u001B[K${line()}`)
    draw()
    this.#timer = setInterval(draw, EACH_MS)
  }

  /** Leaves an empty line. */
  end(): void {
    if (!this.#timer) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#write?.('\r\u001B[K')
  }
}

const WIDTH = 24

/** A bar, full at 1. */
export function bar(part: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * WIDTH)
  return `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}]`
}
