import { unfinishedFrames } from '../lib/unfinished.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'b',
  name: 'unfinished-frames',
  what: '500 clients send all but the end of a message of 512 KiB',
  attack: unfinishedFrames,
}
