import { type Clock, sleep, systemClock } from '../clock.js'
import type { StreamError } from '../errors.js'
import type { Logger } from '../log.js'
import { formatDuration } from '../text.js'
import type { SendQueueOptions } from './batch.js'

/** The words for one kind of output in the log. */
type RetryWords = {
  /** What happens until it works. Follows the fault. */
  readonly waits: string
  /** That it works again. */
  readonly works: (failures: number, seconds: number) => string
}

const NETWORK_WORDS: RetryWords = {
  waits: 'trying again until it works, messages wait',
  works: (failures, seconds) =>
    `works again after ${failures === 1 ? 'one failure' : `${failures} failures`} in ${seconds} s`,
}

/** Whether an output works, as metrics and health show it. */
export type OutputState = {
  up: boolean
  /** When that began, milliseconds since the epoch. */
  since: number
  /** The last failure, until the output works again. */
  lastError: StreamError | undefined
}

/** Trouble that lasts is logged again after so long: a log that is rotated daily must still show it. */
const REMIND_MS = 3_600_000

type RetryLogOptions = {
  readonly log: Logger
  readonly words?: RetryWords
  /** Is kept up to date. */
  readonly state?: OutputState
  /** Durations are measured without the wall clock, so that it may be set back. */
  readonly clock?: Pick<Clock, 'elapsed' | 'now'>
}

/**
 * Logs trouble that is retried: once when it begins, once for each new kind, every hour while it lasts, and
 * once when it works again, however often it is tried in between. Several queues may share one, such as the files of a
 * folder: it works again when all of them do.
 */
export class RetryLog {
  readonly #log: Logger
  readonly #words: RetryWords
  readonly #clock: Pick<Clock, 'elapsed' | 'now'>
  readonly #state: OutputState | undefined
  readonly #inTrouble = new Set<object>()
  readonly #logged = new Set<string>()
  #failures = 0
  #sinceMs = 0
  #loggedMs = 0

  constructor({ log, words = NETWORK_WORDS, state, clock = systemClock }: RetryLogOptions) {
    this.#log = log
    this.#words = words
    this.#clock = clock
    this.#state = state
  }

  /** @param source which of those that share this log has failed */
  failed(source: object, error: StreamError): void {
    const nowMs = this.#clock.elapsed()
    if (this.#inTrouble.size === 0) this.#sinceMs = nowMs
    this.#set(false, error)
    this.#inTrouble.add(source)
    this.#failures++
    const { code, message } = error
    const cause = causeOf(error)
    const kind = `${code} ${error.status ?? ''} ${cause ?? ''}`
    const again = this.#logged.has(kind)
    if (again && nowMs - this.#loggedMs < REMIND_MS) return
    this.#logged.add(kind)
    this.#loggedMs = nowMs
    const lasting = again ? `, for ${formatDuration(nowMs - this.#sinceMs)} now` : ''
    const level = code === 'output-refused' ? 'error' : 'warn'
    const fields = { code, ...(cause === undefined ? {} : { cause }), state: true } as const
    this.#log[level](`${message}; ${this.#words.waits}${lasting}`, fields)
  }

  works(source: object): void {
    if (!this.#inTrouble.delete(source) || this.#inTrouble.size > 0) return
    const seconds = Math.max(1, Math.round((this.#clock.elapsed() - this.#sinceMs) / 1000))
    const fields = { state: true, kind: 'works' } as const
    this.#log.info(this.#words.works(this.#failures, seconds), fields)
    this.#set(true, undefined)
    this.#failures = 0
    this.#logged.clear()
  }

  #set(up: boolean, lastError: StreamError | undefined): void {
    const state = this.#state
    if (!state) return
    if (state.up !== up) state.since = this.#clock.now()
    state.up = up
    state.lastError = lastError
  }
}

/** The code of the system, or of the server, that tells faults of one output apart. */
function causeOf({ cause }: StreamError): string | undefined {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' ? code : undefined
}

type RetriesOptions = Pick<SendQueueOptions<never>, 'delayMs' | 'retryLog' | 'steadyMs'>

/** The failures in a row of one queue, and the waits between its tries. */
export class Retries {
  readonly #options: RetriesOptions
  readonly #clock: Clock
  #failures = 0
  /** Whether the last failure was that the output refuses all it is sent. */
  #refusesAll = false
  #steadyTimer: unknown
  #endPause = () => {}

  constructor(options: RetriesOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Whether nothing was delivered since the last failure. */
  get inTrouble(): boolean {
    return this.#failures > 0
  }

  /** Waits before the next try. */
  async afterFailure(error: StreamError): Promise<void> {
    const { delayMs, retryLog } = this.#options
    this.close()
    this.#failures++
    this.#refusesAll = error.code === 'output-refused'
    retryLog.failed(this, error)
    const pause = new AbortController()
    this.#endPause = () => pause.abort()
    const waitMs = Math.max(delayMs(this.#failures), error.retryAfterMs ?? 0)
    await sleep(waitMs, this.#clock, pause.signal)
  }

  /** Ends the wait before the next try. */
  endPause(): void {
    this.#endPause()
  }

  /** Something has arrived: the next wait is short again. */
  progress(): void {
    this.#failures = 0
  }

  /**
   * A delivery has ended. Trouble is over now, or once the output has worked for a while.
   * @param refused whether it took nothing and refused something: a sign of life, except after refusing all
   */
  succeeded(refused: boolean): void {
    if (refused && this.#refusesAll) return
    const { steadyMs = 0 } = this.#options
    if (this.#failures === 0 || steadyMs === 0) this.works()
    else this.#steadyTimer ??= this.#clock.setTimeout(() => this.works(), steadyMs)
  }

  works(): void {
    this.#failures = 0
    this.#options.retryLog.works(this)
  }

  close(): void {
    this.#clock.clearTimeout(this.#steadyTimer)
    this.#steadyTimer = undefined
  }
}
