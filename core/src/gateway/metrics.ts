import { classifyChannel } from '../ground/channel-name.ts'
import type { BudgetStats } from '../ground/budget.ts'
import type { HubStats } from '../hub/stats.ts'
import type { GatewayStats } from './gateway-stats.ts'

interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * The figures of a gateway in the text format of Prometheus, version 0.0.4. No label names a channel, a client or a user:
 * the number of series does not grow with them.
 */
export function prometheusText(stats: GatewayStats): string {
  const { hub } = stats
  return [
    metric('fanfare_clients', 'gauge', 'Clients connected to this node.', [{ value: stats.clients }]),
    metric('fanfare_connections_total', 'counter', 'Connections accepted.', [{ value: stats.connections }]),
    metric('fanfare_channels', 'gauge', 'Channels with subscribers on this node.', channelsByType(stats)),
    metric('fanfare_subscriptions', 'gauge', 'Subscriptions on this node.', [{ value: hub.subscriptions }]),
    metric('fanfare_received_messages_total', 'counter', 'Messages of clients.', [
      { value: stats.received.messages },
    ]),
    metric('fanfare_received_bytes_total', 'counter', 'Bytes of messages of clients.', [
      { value: stats.received.bytes },
    ]),
    metric('fanfare_sent_frames_total', 'counter', 'Frames handed to transports.', [
      { value: stats.sent.messages },
    ]),
    metric('fanfare_sent_bytes_total', 'counter', 'Bytes of frames handed to transports.', [
      { value: stats.sent.bytes },
    ]),
    metric(
      'fanfare_dropped_frames_total',
      'counter',
      'Frames that did not reach a client.',
      byLabel('reason', hub.dropped),
    ),
    metric('fanfare_queued_frames', 'gauge', 'Frames waiting in outboxes.', [{ value: hub.frames.queued }]),
    metric('fanfare_queued_bytes', 'gauge', 'Bytes waiting in outboxes.', [
      { value: hub.frames.queuedBytes },
    ]),
    metric('fanfare_held_bytes', 'gauge', 'Bytes held on behalf of clients.', budgetSamples(hub, 'used')),
    metric('fanfare_held_bytes_limit', 'gauge', 'How many bytes may be held.', budgetSamples(hub, 'limit')),
    metric(
      'fanfare_evictions_total',
      'counter',
      'Clients closed because the node held too much.',
      budgetSamples(hub, 'evictions'),
    ),
    metric('fanfare_pending_authorizations', 'gauge', 'Authorizations that run or wait.', [
      { value: hub.pendingAuthorizations },
    ]),
    metric(
      'fanfare_refusals_total',
      'counter',
      'Handshakes and requests refused.',
      byLabel('why', stats.refusals),
    ),
    metric('fanfare_unknown_messages_total', 'counter', 'Messages that nobody handled.', [
      { value: stats.unknown },
    ]),
    metric('fanfare_handler_errors_total', 'counter', 'Handlers that failed.', [
      { value: stats.handlerErrors },
    ]),
  ].join('')
}

function channelsByType({ subscriptions }: GatewayStats): Sample[] {
  const counts = { public: 0, private: 0, presence: 0 }
  for (const channel of Object.keys(subscriptions)) counts[classifyChannel(channel)]++
  return byLabel('type', counts)
}

function budgetSamples({ budgets }: HubStats, figure: keyof BudgetStats): Sample[] {
  return Object.entries(budgets).map(([budget, stats]) => ({ labels: { budget }, value: stats[figure] }))
}

function byLabel(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }))
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels = {}, value }) => `${name}${labelText(labels)} ${String(value)}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

/** Label values are words of ours, with nothing in them to escape. */
function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
