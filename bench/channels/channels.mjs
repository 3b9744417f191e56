import { run } from '../fan-out/race.mjs'
import { channelOf, CHANNELS, PER_CLIENT, sizes } from './assignment.mjs'
import { contestant, contestants } from './contestants.mjs'

/** @type {import('../fan-out/race.mjs').Race} */
const MANY_CHANNELS = {
  name: 'channels',
  room: `in ${PER_CLIENT} of ${CHANNELS} channels each`,
  field: contestants,
  standard: { subscribers: 1_000, levels: [50], starts: 1, rounds: 12, budgetMs: 25_000 },
  goals: [
    { ours: 'fanfare-ws', against: 'ws', perTurn: 50, most: 0.36 },
    { ours: 'fanfare-bun', against: 'bun-publish', perTurn: 50, most: 1.35 },
  ],
  compared: () => true,
  work: {
    contestant,
    load: new URL('load.mjs', import.meta.url),
    marks: CHANNELS,
    deliveries,
  },
}

/** @type {import('../fan-out/fan-out.mjs').Benchmark} */
export async function channels(options, progress) {
  const { text, results } = await run(MANY_CHANNELS, options, progress)
  return { text, results: { channels: CHANNELS, channelsPerClient: PER_CLIENT, ...results } }
}

/** @param {{ first: number, perTurn: number, turns: number, subscribers: number }} plan */
function deliveries({ first, perTurn, turns, subscribers }) {
  const size = sizes(subscribers)
  let all = 0
  for (let message = first; message < first + perTurn * turns; message++) all += size[channelOf(message)] ?? 0
  return all
}
