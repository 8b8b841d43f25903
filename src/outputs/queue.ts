import { StreamError } from '../errors.js'
import { Bell } from './bell.js'
import { Outbox } from './outbox.js'
import type { Exporter, ExporterContext } from './output.js'
import { Trouble } from './trouble.js'
import { Window } from './window.js'

/** What an exporter has taken over, and what the one loop needs that delivers it. */
export class Queue {
  readonly outbox: Outbox
  readonly trouble: Trouble
  /** Rung when the loop has something to do; whoever else has news for it rings, too. */
  readonly bell = new Bell()
  readonly #name: string
  readonly #context: ExporterContext
  #closing = false

  constructor(name: string, context: ExporterContext, windowBytes: number) {
    this.#name = name
    this.#context = context
    this.outbox = new Outbox(context, new Window(windowBytes))
    this.trouble = new Trouble(context.log)
  }

  /** Whether no more will come: the loop ends when the outbox is empty. */
  get closing(): boolean {
    return this.#closing
  }

  /**
   * The exporter whose messages the loop delivers. What is left when the time is over is given up
   * here; all that the loop has to do then is to end.
   * @param run the loop; begins at once
   * @param wakes whether the message that just came must wake the loop; each one does, unless told
   */
  exporter(run: () => Promise<void>, wakes = () => true): Exporter {
    const { signal } = this.#context
    const giveUp = () => {
      const why = `${this.#name}: not delivered before the end`
      this.outbox.giveUp(new StreamError('export-failed', why))
      this.bell.ring()
    }
    signal.addEventListener('abort', giveUp, { once: true })
    const running = run()
    return {
      needs: 'line',
      export: (message) => {
        const room = this.outbox.push(message)
        if (signal.aborted) giveUp()
        else if (wakes()) this.bell.ring()
        return room
      },
      close: () => {
        this.#closing = true
        this.bell.ring()
        return running
      },
    }
  }
}
