import { unfinishedFrames } from '../lib/unfinished.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'b',
  name: 'plain-frames',
  what: '500 clients of the protocol plain send all but the end of a message of 512 KiB',
  protocol: 'plain',
  attack: unfinishedFrames,
}
