import type { StreamError } from '../errors.js'

/** What is known of an entry in every state. Times are milliseconds since the epoch. */
export type Progress = {
  /** Binary and text frames received so far. */
  readonly frames: number
  /** Bytes in them. */
  readonly bytes: number
  /** When the last frame came; undefined before the first. */
  readonly lastFrameAt: number | undefined
  /** Milliseconds since then; changes of the machine's clock do not count. */
  readonly frameAgeMs: number | undefined
  /** Connections that were opened again after one was lost. */
  readonly reconnects: number
  /**
   * Time without a connection since the first one was open, milliseconds; a gap counts once it has
   * ended. One that fell silent counts as lost from its last sign of life on.
   */
  readonly gapMs: number
}

/** Where an entry stands. */
export type Phase =
  /** In a handshake, or waiting for its turn or for another key; `attempt` counts tries in a row, from 1. */
  | { readonly type: 'connecting'; readonly attempt: number }
  | {
      readonly type: 'open'
      readonly since: number
      /** Milliseconds since then; changes of the machine's clock do not count. */
      readonly openMs: number
      /** How long there was no connection before this one; 0 for the first. */
      readonly gapMsBefore: number
    }
  | {
      readonly type: 'retrying'
      /**
       * When the last connection was lost, or gave its last sign of life; when the entry began, where
       * there was none.
       */
      readonly since: number
      /** Tries in a row that came to nothing, a lost connection included. */
      readonly attempt: number
      /** How long the wait is that begins now. */
      readonly delayMs: number
      readonly cause: StreamError
    }
  /** Central refused for good: key, topic or address. */
  | { readonly type: 'refused'; readonly at: number; readonly cause: StreamError }
  /** Ended as asked, or (without reconnecting) by the connection; `cause` where that was a failure. */
  | { readonly type: 'ended'; readonly at: number; readonly cause: StreamError | undefined }

/** The life of one entry's subscription. Whoever shows it (log, table, metrics) reads this and keeps no state beside it. */
export type Status = Progress & Phase
