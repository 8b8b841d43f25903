import { errorText } from '../errors.js'
import type { Logger } from '../log.js'

export type FileTroubleOptions = {
  /** Whose file it is, at the start of messages: `--record frames.ndjson`. */
  readonly label: string
  readonly log: Logger
  /** Counts a write that is tried again. */
  retried?(): void
  /** Shared by files whose trouble is told of as one; each has its own unless told. */
  readonly news?: FileNews
}

// A full disk is looked at again soon, and then every few seconds.
const FAULT_PAUSE_MS = { first: 200, longest: 5000 }
// A pipe whose reader is slow: that is no fault, and room comes soon.
const PIPE_PAUSE_MS = { first: 5, longest: 100 }

/**
 * Tells of the trouble of one file, or of all files of a folder: once when it begins, once for each new
 * kind of fault, and once when all of them are written again.
 */
export class FileNews {
  readonly #label: string
  readonly #log: Logger
  readonly #inTrouble = new Set<object>()
  readonly #told = new Set<string | undefined>()
  #since = 0

  constructor({ label, log }: Pick<FileTroubleOptions, 'label' | 'log'>) {
    this.#label = label
    this.#log = log
  }

  failed(file: object, code: string | undefined, says: string): void {
    if (this.#inTrouble.size === 0) this.#since = Date.now()
    this.#inTrouble.add(file)
    if (this.#told.has(code)) return
    this.#told.add(code)
    this.#log.warn(`${this.#label}: ${says}; waiting until it can be written`)
  }

  mended(file: object): void {
    if (!this.#inTrouble.delete(file) || this.#inTrouble.size > 0) return
    const seconds = Math.ceil((Date.now() - this.#since) / 1000)
    this.#log.info(`${this.#label}: is written again after ${seconds} s`)
    this.#told.clear()
  }
}

/** Sees the faults of a file through: told once, tried again after pauses that grow, told when over. */
export class FileTrouble {
  readonly #retried: (() => void) | undefined
  readonly #news: FileNews
  #attempt = 0
  #endPause = () => {}

  constructor(options: FileTroubleOptions) {
    this.#retried = options.retried
    this.#news = options.news ?? new FileNews(options)
  }

  /** Resolves when it is time to try again. `says` explains the fault where the error alone does not. */
  failed(error: unknown, says = errorText(error)): Promise<void> {
    const { code } = error as NodeJS.ErrnoException
    const isSlowPipe = code === 'EAGAIN'
    if (!isSlowPipe) {
      this.#retried?.()
      this.#news.failed(this, code, says)
    }
    return this.#pause(isSlowPipe ? PIPE_PAUSE_MS : FAULT_PAUSE_MS)
  }

  /** Ends a pause early. */
  endPause(): void {
    this.#endPause()
  }

  /** Something could be written: the next pause is a short one again. */
  eased(): void {
    this.#attempt = 0
  }

  /** All could be written. */
  mended(): void {
    this.#news.mended(this)
  }

  #pause({ first, longest }: typeof FAULT_PAUSE_MS): Promise<void> {
    const delayMs = Math.min(first * 2 ** this.#attempt++, longest)
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
