import { errorText } from '../error-text.js'
import type { Logger } from '../log.js'

export type FileTroubleOptions = {
  /** Whose file it is, at the start of messages: `--record frames.ndjson`. */
  readonly label: string
  readonly log: Logger
  /** Counts a write that is tried again. */
  retried?(): void
}

// A full disk is looked at again soon, and then every few seconds.
const FAULT_PAUSE_MS = { first: 200, longest: 5000 }
// A pipe whose reader is slow: that is no fault, and room comes soon.
const PIPE_PAUSE_MS = { first: 5, longest: 100 }

/** Sees the faults of a file through: told once, tried again after pauses that grow, told when over. */
export class FileTrouble {
  readonly #options: FileTroubleOptions
  #since: number | undefined
  #attempt = 0
  #endPause = () => {}

  constructor(options: FileTroubleOptions) {
    this.#options = options
  }

  /** Resolves when it is time to try again. `says` explains the fault where the error alone does not. */
  failed(error: unknown, says = errorText(error)): Promise<void> {
    const isSlowPipe = (error as NodeJS.ErrnoException).code === 'EAGAIN'
    if (!isSlowPipe) {
      const { label, log, retried } = this.#options
      retried?.()
      if (this.#since === undefined) {
        this.#since = Date.now()
        log.warn(`${label}: ${says}; waiting until it can be written`)
      }
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
    if (this.#since === undefined) return
    const { label, log } = this.#options
    log.info(`${label}: is written again after ${Math.ceil((Date.now() - this.#since) / 1000)} s`)
    this.#since = undefined
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
