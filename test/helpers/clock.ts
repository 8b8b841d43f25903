import type { TestContext } from 'node:test'
import { setTimeout, setImmediate as turn } from 'node:timers/promises'
import type { Clock, Timer } from '../../src/clock.js'

/** After this time, what is waited for is no longer a matter of turns. */
const SHORT_MS = 20
const POLL_MS = 5
const GIVE_UP_MS = 150_000
/** Also while a test has mocked the timers. */
const sleep = setTimeout

type FakeTimer = { readonly callback: () => void; readonly dueMs: number; readonly delayMs: number }

/** A clock that moves when it is told to. */
export class FakeClock implements Clock {
  readonly #startMs: number
  readonly #timers = new Set<FakeTimer>()
  #elapsedMs = 0

  /** @param startMs what `now` says at first, milliseconds since the epoch */
  constructor(startMs = Date.UTC(2024, 0, 1)) {
    this.#startMs = startMs
  }

  now(): number {
    return this.#startMs + this.#elapsedMs
  }

  elapsed(): number {
    return this.#elapsedMs
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    const timer = { callback, dueMs: this.#elapsedMs + delayMs, delayMs }
    this.#timers.add(timer)
    return timer
  }

  clearTimeout(timer: Timer): void {
    this.#timers.delete(timer as FakeTimer)
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size
  }

  /** Whether a timer with this delay is set. */
  waits(delayMs: number): boolean {
    return [...this.#timers].some((timer) => timer.delayMs === delayMs)
  }

  /** Lets time pass; timers go off at their own moments, in order. */
  advance(ms: number): void {
    const untilMs = this.#elapsedMs + ms
    for (;;) {
      let next: FakeTimer | undefined
      for (const timer of this.#timers) {
        if (timer.dueMs <= untilMs && (!next || timer.dueMs < next.dueMs)) next = timer
      }
      if (!next) break
      this.#timers.delete(next)
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs)
      next.callback()
    }
    this.#elapsedMs = untilMs
  }

  /** Lets time pass at once, as after a suspend: all timers that are due go off late. */
  jump(ms: number): void {
    this.#elapsedMs += ms
    this.advance(0)
  }
}

/**
 * Waits until something is so, and lets sockets work in between.
 * @param what says in an error what was waited for
 * @throws after minutes, far longer than a busy machine takes, and before the time-out of the test
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = () => String(condition),
): Promise<void> {
  const startMs = performance.now()
  while (!(await condition())) {
    const waitedMs = performance.now() - startMs
    if (waitedMs > GIVE_UP_MS) throw new Error(`it never came to be: ${what()}`)
    // Another process that is waited for needs the processor.
    await (waitedMs < SHORT_MS ? turn() : sleep(POLL_MS))
  }
}

/**
 * Waits until something is so, and moves the timers that a test has mocked in between.
 * @param stepMs how much of their time passes with each look
 */
export function untilTicked(
  t: TestContext,
  stepMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  return until(
    () => {
      t.mock.timers.tick(stepMs)
      return condition()
    },
    () => String(condition),
  )
}
