import type { Status } from '../connection/status.js'

/** What was received, in sum. */
export type Received = {
  readonly messages: number
  readonly bytes: number
  readonly undecodable: number
}

type Receiver = {
  readonly messages: number
  readonly undecodable: number
  readonly status: Status
}

/** What entries have received together, with what came before. */
export function receivedBy(
  entries: readonly Receiver[],
  earlier: Received = { messages: 0, bytes: 0, undecodable: 0 },
): Received {
  return entries.reduce(
    (sum, { messages, undecodable, status }) => ({
      messages: sum.messages + messages,
      bytes: sum.bytes + status.bytes,
      undecodable: sum.undecodable + undecodable,
    }),
    earlier,
  )
}
