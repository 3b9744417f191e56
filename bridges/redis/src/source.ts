import type { Redis, RedisOptions as Settings } from 'ioredis'

import type { Pool } from './pool.ts'
import { Side } from './side.ts'
import { placeOf, type Target } from './target.ts'
import { isClustered, type Primary, primariesOf } from './topology.ts'

interface Found {
  readonly primaries: readonly Primary[]
  /** With what the node was reached that told us of them: the others take the same credentials. */
  readonly place: Settings
}

/** Makes the connections of one side, at each dial anew. Remembers the nodes of a cluster, in case those told of are gone. */
export class Source {
  readonly #target: Target
  #known: readonly Settings[] = []

  constructor(target: Target) {
    this.#target = target
  }

  /**
   * Resolves when every server of the side is connected.
   *
   * @param sharded - `false`: one server is enough, also of a cluster
   */
  async open(pool: Pool, sharded: boolean | undefined): Promise<Side> {
    if (sharded === false) return this.#single(pool)
    if (this.#target.clustered || this.#known.length > 0)
      return this.#cluster(pool, await this.#discover(pool))
    const [place = {}] = this.#target.places()
    const connection = await pool.open(place)
    if (!(await isClustered(connection))) return Side.single(connection)
    const primaries = await primariesOf(connection, this.#target.natMap)
    pool.drop(connection)
    return this.#cluster(pool, { primaries, place })
  }

  /** Any of the servers. */
  async #single(pool: Pool): Promise<Side> {
    const places = this.#target.places()
    const place =
      places.length === 1 ? places[0] : await firstOf(pool, places, (_, one) => Promise.resolve(one))
    return Side.single(await pool.open(place ?? {}))
  }

  async #discover(pool: Pool): Promise<Found> {
    const places = [...this.#target.places(), ...this.#known]
    try {
      return await firstOf(pool, places, async (connection, place) => ({
        primaries: await primariesOf(connection, this.#target.natMap),
        place,
      }))
    } catch (error) {
      // What a server was found to be by asking it, it is asked again.
      this.#known = []
      throw error
    }
  }

  async #cluster(pool: Pool, { primaries, place }: Found): Promise<Side> {
    const places = primaries.map((primary) => placeOf(place, primary))
    this.#known = places
    const connections = await Promise.all(places.map((one) => pool.open(one)))
    return Side.cluster(
      primaries.flatMap((primary, index) => {
        const connection = connections[index]
        return connection ? [{ primary, connection }] : []
      }),
    )
  }
}

/** What the first server says with which the task succeeds. All are asked at once: one that hangs delays nothing. */
async function firstOf<T>(
  pool: Pool,
  places: readonly Settings[],
  task: (connection: Redis, place: Settings) => Promise<T>,
): Promise<T> {
  const scouts = pool.child()
  try {
    return await Promise.any(places.map(async (place) => task(await scouts.open(place), place)))
  } catch (error) {
    const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
    const why = [...new Set(errors.map((one) => (one instanceof Error ? one.message : String(one))))]
    throw new Error(`no node of the cluster is of use: ${why.join('; ')}`)
  } finally {
    scouts.cut()
  }
}
