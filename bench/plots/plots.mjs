// Which pictures there are, and what of the results they show.
import { count } from '../lib/table.mjs'
import { barChart } from './bars.mjs'
import { lineChart } from './lines.mjs'

/**
 * A picture.
 *
 * @typedef {object} Plot
 * @property {string} name - of the file, without its ending
 * @property {string} title
 * @property {string} svg
 */

/** By the benchmark that they show. @type {Record<string, (result: any) => Omit<Plot, 'name'>>} */
const PLOTS = { 'fan-out': fanOut, channels, latency, idle }

/**
 * The pictures of all results that there are.
 *
 * @param {Record<string, any>} results - by benchmark
 * @returns {Plot[]}
 */
export function plots(results) {
  return Object.entries(PLOTS).flatMap(([name, draw]) =>
    results[name] === undefined ? [] : { name, ...draw(results[name]) },
  )
}

/** @param {any} result */
function fanOut({ subscribers, payloadBytes, levels, results }) {
  const title = 'One channel: CPU time of the server per delivered message'
  return bars({
    title,
    subtitle: `µs, ${count(subscribers)} subscribers, ${payloadBytes} bytes; less is better`,
    results,
    panels: levels.map((/** @type {number} */ level) => ({
      title: `${count(level)} per turn of the event loop`,
      value: (/** @type {any} */ one) => (one.perTurn === level ? one.cpu.median : undefined),
    })),
  })
}

/** @param {any} result */
function channels({ subscribers, channels: many, channelsPerClient, payloadBytes, levels, results }) {
  const title = `${count(many)} channels: CPU time of the server per delivered message`
  const [level] = levels
  return bars({
    title,
    subtitle: `µs, ${count(subscribers)} clients in ${channelsPerClient} channels each, ${payloadBytes} bytes; less is better`,
    results: results.filter((/** @type {any} */ one) => one.perTurn === level),
    panels: [
      {
        title: `${count(level)} messages per turn of the event loop, each on one channel`,
        value: (/** @type {any} */ one) => one.cpu.median,
      },
    ],
  })
}

/** @param {any} result */
function idle({ connections, results }) {
  return bars({
    title: 'Memory of a connection that does nothing',
    subtitle: `bytes, with one subscription, at ${count(connections)} connections; less is better`,
    results,
    panels: [
      { title: 'resident', value: (/** @type {any} */ one) => one.rss.median },
      { title: 'heap and external', value: (/** @type {any} */ one) => one.heap.median },
    ],
  })
}

/** @param {any} result */
function latency({ subscribers, payloadBytes, rates, results }) {
  // From the call it would flatter whoever is too busy to call in time.
  const title = 'From when a message was due to the last client'
  const names = namesOf(results)
  const series = names.flatMap((name) =>
    /** @type {const} */ (['p50', 'p99']).map((share) => ({
      label: `${name}, ${share}`,
      ours: isOurs(name),
      dashed: share === 'p99',
      values: rates.map(
        (/** @type {number} */ rate) =>
          results.find((/** @type {any} */ one) => one.name === name && one.rate === rate).lastDue[share],
      ),
    })),
  )
  const subtitle = `ms, ${count(subscribers)} subscribers, ${payloadBytes} bytes, by messages a second; less is better`
  const ticks = rates.map((/** @type {number} */ rate) => `${count(rate)} a second`)
  return { title, svg: lineChart({ title, subtitle, ticks, series }) }
}

/**
 * @param {object} chart
 * @param {string} chart.title
 * @param {string} chart.subtitle
 * @param {any[]} chart.results - each with a name
 * @param {{ title: string, value: (result: any) => number | undefined }[]} chart.panels
 */
function bars({ title, subtitle, results, panels }) {
  const names = namesOf(results)
  const rows = names.map((name) => ({ label: name, ours: isOurs(name) }))
  const filled = panels.map(({ title: above, value }) => ({
    title: above,
    values: names.map((name) => {
      const own = results.filter((one) => one.name === name)
      return own.map(value).find((found) => found !== undefined)
    }),
  }))
  return { title, svg: barChart({ title, subtitle, rows, panels: filled }) }
}

/** @param {any[]} results @returns {string[]} */
function namesOf(results) {
  return [...new Set(results.map(({ name }) => name))]
}

/** @param {string} name */
function isOurs(name) {
  return name.startsWith('fanfare')
}
