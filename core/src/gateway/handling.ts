import type { Command } from '../contract/protocol.ts'
import { ClientError } from '../ground/errors.ts'
import { Payload } from '../ground/payload.ts'
import type { Connection } from './connection.ts'
import type { Context } from './context.ts'
import type { AnyHandler } from './handlers.ts'
import { after, isPromiseLike } from './settle.ts'
import type { Validating } from './validation.ts'

/** A command whose outcome the client may want to know. */
export type Asked = Command & { do: 'call' | 'publish' | 'raw' | 'send' }

/** What a client is answered when it is known, without its next message waiting for that. */
export class LaterAnswer {
  readonly promise: Promise<unknown>

  constructor(promise: Promise<unknown>) {
    this.promise = promise
  }
}

/**
 * Does `work`, and answers the client with what it returns or resolves to, if the client gave a ref: exactly one answer,
 * within the time that handlers have.
 */
export function answered(connection: Connection, command: Asked, work: () => unknown): void | Promise<void> {
  try {
    const result = work()
    if (!isPromiseLike(result)) return reply(connection, command, result)
    return inTime(connection, command, result)
  } catch (error) {
    return connection.fail(command, error)
  }
}

/** Runs the handler inside the middleware, with data that is validated if there is a contract. */
export function handled(
  connection: Connection,
  context: Context,
  validating: Validating,
  handler: AnyHandler,
): unknown {
  const { face, host } = connection
  const { message } = context
  if (!message) return undefined
  const step = (): unknown => handler(face, message)
  if (!validating) return host.pipeline.run(context, step)
  return after(validating, ({ value }) => {
    message.validated(value)
    return host.pipeline.run(context, step)
  })
}

/**
 * After its time, or when its client is gone, a handler may go on, but nobody waits for it, and what it returns is not
 * sent. That it fails then is still told to the operator.
 */
function inTime(connection: Connection, command: Asked, work: PromiseLike<unknown>): Promise<void> {
  const { hub, limits } = connection.host
  return new Promise((resolve) => {
    let open = true
    const once = (answer: () => void): void => {
      if (!open) return
      open = false
      cancel()
      answer()
      resolve()
    }
    const cancel = hub.wheel.after(limits.handlerTimeoutMs, () => {
      once(() => connection.fail(command, new ClientError('timeout', 'there was no answer in time')))
    })
    connection.giveUp = () => once(() => {})
    Promise.resolve(work).then(
      (value) => once(() => reply(connection, command, value)),
      (error: unknown) => {
        if (open) once(() => connection.fail(command, error))
        else if (!(error instanceof ClientError)) connection.report(command, error)
      },
    )
  })
}

function reply(connection: Connection, command: Asked, value: unknown): void {
  if (value instanceof LaterAnswer) {
    value.promise.then(
      (late) => reply(connection, command, late),
      (error: unknown) => connection.fail(command, error),
    )
    return
  }
  const ref = 'ref' in command ? command.ref : undefined
  if (ref === undefined) return
  try {
    connection.tell({ on: 'reply', ref, data: value === undefined ? undefined : Payload.of(value) })
  } catch (error) {
    connection.fail(command, error)
  }
}
