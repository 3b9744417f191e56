import type { Message } from '../contract/message.ts'
import { taken } from '../ground/bytes.ts'

/** The message as it is now: whoever gave it may use its bytes again at once. */
export function takenMessage(message: Message): Message {
  return typeof message.data === 'string' ? message : { ...message, data: taken(message.data) }
}
