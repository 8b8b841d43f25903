import { setMaxListeners } from 'node:events'
import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'

// An end takes at most 10 s: eight to deliver, a moment more for what is under way by then, and the
// rest to write down what was given up. What hangs even then is cut.
const FINISH_MS = 8_000
/** An output that is away gives up after this, where others wait for it: they need time for what waited. */
const HOLD_MS = 4_000
const UNDER_WAY_MS = 800
const WRITE_DOWN_MS = 1_000
const CUT_MS = 200

/** Why a command ends before it is done. */
type EndedBy = 'signal' | 'failure'

/** The moments of an orderly end, shared by everything that runs. */
export class Shutdown {
  readonly #stopping = new AbortController()
  readonly #holdOver = new AbortController()
  readonly #graceOver = new AbortController()
  readonly #overdue = new AbortController()
  readonly #forced = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #holdTimer: NodeJS.Timeout | undefined
  #endedBy: EndedBy | undefined

  readonly #cut: () => void

  /** @param cut ends the process at once; called where something still hangs when all time is over */
  constructor(cut: () => void) {
    this.#cut = cut
    // All entries and outputs listen to these signals: a thousand listeners are no leak.
    setMaxListeners(0, this.stopping, this.holdOver, this.graceOver, this.overdue, this.forced)
  }

  /** Aborts when the end begins: stop reading, finish what was received. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Aborts when an output in trouble gives up if it holds up the streams, and so all other outputs. */
  get holdOver(): AbortSignal {
    return this.#holdOver.signal
  }

  /** Aborts when the time for finishing is over: what is in trouble gives up, and nothing slow is begun. */
  get graceOver(): AbortSignal {
    return this.#graceOver.signal
  }

  /** Aborts a moment later: what has been under way since then gives up. */
  get overdue(): AbortSignal {
    return this.#overdue.signal
  }

  /** Aborts when everything stops at once, dead letter and recording included. */
  get forced(): AbortSignal {
    return this.#forced.signal
  }

  /** What began the end before the command was done; undefined where nothing more was wanted of it. */
  get endedBy(): EndedBy | undefined {
    return this.#endedBy
  }

  /** Whether a signal asked for the end, before the command was done. */
  get interrupted(): boolean {
    return this.#endedBy === 'signal'
  }

  /**
   * Begins the end; from the second call on nothing happens.
   * @param by `signal` where the user asked for it, `failure` after an unexpected error
   */
  begin(by?: EndedBy): void {
    if (this.#stopping.signal.aborted) return
    this.#endedBy = by
    this.#stopping.abort()
    this.#holdTimer = setTimeout(() => this.#holdOver.abort(), HOLD_MS)
    this.#after(FINISH_MS, () => {
      this.#graceOver.abort()
      this.#after(UNDER_WAY_MS, () => {
        this.#overdue.abort()
        this.#after(WRITE_DOWN_MS, () => {
          this.#forced.abort()
          this.#after(CUT_MS, this.#cut)
        })
      })
    })
  }

  #after(delayMs: number, work: () => void): void {
    this.#timer = setTimeout(work, delayMs)
  }

  /** All is done: clears the timer. */
  done(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#holdTimer)
  }
}

/** The terminals that stdin, stdout and stderr lead to. */
export class Terminals {
  readonly #fds = [0, 1, 2].filter((fd) => isatty(fd))

  /** Whether one of them has hung up. Node then no longer sees a terminal there. */
  get hungUp(): boolean {
    return this.#fds.some((fd) => !isatty(fd))
  }

  /**
   * Closes the terminals. At its end Node resets them, and some versions (20.20) abort if one has hung
   * up. A closed one is no problem.
   */
  close(): void {
    for (const fd of this.#fds) {
      try {
        closeSync(fd)
      } catch {
        // It is closed already.
      }
    }
  }
}
