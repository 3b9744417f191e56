/** Handshakes at once: fewer than a listening socket queues. */
const AT_ONCE = 100

/**
 * Opens so many clients, some at a time.
 *
 * @template {{ open(): Promise<unknown> }} Client
 * @param {number} many
 * @param {(index: number) => Client} make
 * @returns {Promise<Client[]>} when all are open
 */
export async function openAll(many, make) {
  /** @type {Client[]} */
  const clients = []
  while (clients.length < many) {
    const batch = Array.from({ length: Math.min(AT_ONCE, many - clients.length) }, (_, at) =>
      make(clients.length + at),
    )
    clients.push(...batch)
    await Promise.all(batch.map((client) => client.open()))
  }
  return clients
}
