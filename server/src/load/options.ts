import { readValues, type Sources } from '../config/settings.ts'
import { UsageError } from '../config/usage.ts'
import { eachLoadOption, type LoadOptions, loadVariableOf } from './table.ts'

/** How much a publisher publishes per second unless told otherwise: half of what servers allow a client by default. */
const PER_PUBLISHER = 50

/**
 * The options: flag, else environment, else `.env`, else default; what is left to us is filled in.
 *
 * @throws UsageError when one is wrong, or does not go with the others
 */
export function readLoadOptions(sources: Sources): LoadOptions {
  const given = readValues(eachLoadOption(), sources, loadVariableOf) as LoadOptions
  return checked(filled(given))
}

function filled(given: LoadOptions): LoadOptions {
  const { bus, channelPrefix } = given
  const prefix = bus === 'none' ? 'presence-bench-' : 'bench-'
  return {
    ...given,
    channelPrefix: channelPrefix === 'auto' ? prefix : channelPrefix,
    publishers: bus === 'none' ? publishersOf(given) : given.publishers,
  }
}

/** Enough that each channel has one and none of them has to be fast, as far as there are clients. */
function publishersOf({ publishers, clients, channels, perClient, rate }: LoadOptions): number {
  if (publishers !== 0) return publishers
  return Math.min(clients, Math.max(Math.ceil(channels / perClient), Math.ceil(rate / PER_PUBLISHER)))
}

function checked(options: LoadOptions): LoadOptions {
  const { clients, channels, perClient, publishers, bus, channelPrefix } = options
  if (perClient > channels) throw new UsageError('--per-client takes at most as many as --channels')
  if (channels > clients * perClient)
    throw new UsageError(
      '--channels takes at most --clients times --per-client: nobody would be in the others',
    )
  if (bus !== 'none') {
    if (publishers !== 0) throw new UsageError('--publishers takes 0 with --bus: no client publishes then')
    return options
  }
  if (publishers > clients) throw new UsageError('--publishers takes at most as many as --clients')
  if (!/^(private|presence)-/.test(channelPrefix))
    throw new UsageError(
      '--channel-prefix takes one that begins with private- or presence- unless there is a --bus: clients publish nowhere else',
    )
  return options
}
