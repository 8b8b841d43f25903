import { type Clock, systemClock } from '../clock.js'
import type { StreamError } from '../errors.js'
import type { Logger } from '../log.js'

/** The words for one kind of output in the log. */
export type RetryWords = {
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

export type RetryLogOptions = {
  readonly log: Logger
  readonly words?: RetryWords
  /** Only durations are measured, so a wall clock that is set back changes nothing. */
  readonly clock?: Pick<Clock, 'elapsed'>
}

/**
 * Logs trouble that is retried: once when it begins, once for each new kind, and once when it works
 * again, however often it is tried in between. Several queues may share one, such as the files of a
 * folder: it works again when all of them do.
 */
export class RetryLog {
  readonly #log: Logger
  readonly #words: RetryWords
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #inTrouble = new Set<object>()
  readonly #logged = new Set<string>()
  #failures = 0
  #sinceMs = 0

  constructor({ log, words = NETWORK_WORDS, clock = systemClock }: RetryLogOptions) {
    this.#log = log
    this.#words = words
    this.#clock = clock
  }

  /** @param source which of those that share this log has failed */
  failed(source: object, error: StreamError): void {
    if (this.#inTrouble.size === 0) this.#sinceMs = this.#clock.elapsed()
    this.#inTrouble.add(source)
    this.#failures++
    const { code, message } = error
    const cause = causeOf(error)
    const kind = `${code} ${error.status ?? ''} ${cause ?? ''}`
    if (this.#logged.has(kind)) return
    this.#logged.add(kind)
    const level = code === 'output-refused' ? 'error' : 'warn'
    const fields = { code, ...(cause === undefined ? {} : { cause }), state: true } as const
    this.#log[level](`${message}; ${this.#words.waits}`, fields)
  }

  works(source: object): void {
    if (!this.#inTrouble.delete(source) || this.#inTrouble.size > 0) return
    const seconds = Math.max(1, Math.round((this.#clock.elapsed() - this.#sinceMs) / 1000))
    this.#log.info(this.#words.works(this.#failures, seconds), { state: true })
    this.#failures = 0
    this.#logged.clear()
  }
}

/** The code of the system, or of the server, that tells faults of one output apart. */
function causeOf({ cause }: StreamError): string | undefined {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' ? code : undefined
}
