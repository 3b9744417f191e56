import { rawFrame } from './raw-frames.ts'

/** Frames that RFC 6455 forbids a client to send. */
export const MALFORMED_FRAMES: Readonly<Record<string, Uint8Array>> = {
  'a frame without a mask': Buffer.of(0x81, 0x02, 0x68, 0x69),
  'a reserved opcode': rawFrame(0x83),
  'a reserved bit': rawFrame(0xa1, Buffer.from('hi')),
  'text that is no UTF-8': rawFrame(0x81, Buffer.of(0xc3, 0x28)),
  'a ping in pieces': rawFrame(0x09),
  'a ping of 126 bytes': rawFrame(0x89, new Uint8Array(126)),
  'a continuation of nothing': rawFrame(0x80, Buffer.from('more')),
  'a close frame with one byte': rawFrame(0x88, Buffer.of(3)),
  'a close code that may not be sent': rawFrame(0x88, Buffer.of(1005 >> 8, 1005 & 0xff)),
  'a length of 2^63': Buffer.concat([Buffer.of(0x81, 0xff, 0x80), Buffer.alloc(11)]),
  HTTP: Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'),
}
