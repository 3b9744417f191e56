import type { Framing } from './frames.ts'

const HEAD = /^(H?MSG) (?:\S+ )+(\d+)$/i

/** What a NATS server sends. */
export const NATS: Framing = {
  end(bytes) {
    const line = bytes.indexOf('\r\n')
    if (line < 0) return undefined
    const head = HEAD.exec(bytes.toString('latin1', 0, line))
    return head ? line + 2 + Number(head[2]) + 2 : line + 2
  },
  isMessage: (frame) => /^H?MSG /i.test(frame.toString('latin1', 0, 5)),
}
