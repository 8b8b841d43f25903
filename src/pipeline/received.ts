import type { Status } from '../connection/status.js'

/** What was received, in sum. */
export type Received = {
  readonly messages: number
  readonly bytes: number
  readonly undecodable: number
  /** Undefined where there is no transform. */
  readonly filtered: number | undefined
}

type Receiver = {
  readonly messages: number
  readonly undecodable: number
  readonly filtered?: number | undefined
  readonly status: Status
}

const NOTHING: Received = { messages: 0, bytes: 0, undecodable: 0, filtered: undefined }

/** What entries have received together, with what came before. */
export function receivedBy(entries: readonly Receiver[], earlier: Received = NOTHING): Received {
  return entries.reduce(
    (sum, { messages, undecodable, filtered, status }) => ({
      messages: sum.messages + messages,
      bytes: sum.bytes + status.bytes,
      undecodable: sum.undecodable + undecodable,
      filtered: filtered === undefined ? sum.filtered : (sum.filtered ?? 0) + filtered,
    }),
    earlier,
  )
}
