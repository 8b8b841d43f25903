import type { WebSocket } from 'ws'
import type { Clock, Timer } from '../clock.js'

/** Half of what common NAT tables keep an idle mapping. */
const PING_MS = 30_000
/** Two pings in a row without an answer. */
export const SILENCE_MS = 60_000
/** After this many pings without any answer, the server is assumed to answer none. */
const UNANSWERED_PINGS = 3
/** A timer that fires this late means that the process was stopped or suspended. */
export const LATE_MS = 1000

type HeartbeatOptions = {
  readonly clock: Clock
  /**
   * Whether the server is known to answer pings. Where it is not, silence counts only after the first
   * pong, and pinging stops after three pings without one.
   */
  readonly answersPings: boolean
  /** Called every 30 s. */
  readonly ping: () => void
  /** Called once, when there was no sign of life for 60 s. */
  readonly silent: () => void
}

/** Detects a peer that is gone without having closed the connection. Pings from the start until `stop`. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  #answersPings: boolean
  #unanswered = 0
  #lifeAtMs: number
  #pingAtMs: number
  #dueAtMs: number
  #pausedAtMs: number | undefined
  #timer: Timer

  constructor(options: HeartbeatOptions) {
    const { clock, answersPings } = options
    this.#options = options
    this.#answersPings = answersPings
    this.#lifeAtMs = clock.elapsed()
    this.#pingAtMs = this.#lifeAtMs + PING_MS
    this.#dueAtMs = this.#pingAtMs
    this.#timer = clock.setTimeout(this.#beat, PING_MS)
  }

  /** Something came: a frame, or a ping of the server. */
  alive(): void {
    this.#lifeAtMs = this.#options.clock.elapsed()
  }

  /** A pong came. */
  pong(): void {
    this.alive()
    this.#answersPings = true
  }

  /** Reading is paused: the time does not count as silence, and no ping is sent. */
  pause(): void {
    this.#pausedAtMs ??= this.#options.clock.elapsed()
  }

  resume(): void {
    if (this.#pausedAtMs === undefined) return
    this.#lifeAtMs += this.#options.clock.elapsed() - this.#pausedAtMs
    this.#pausedAtMs = undefined
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer)
  }

  readonly #beat = () => {
    const { clock, ping, silent } = this.#options
    const nowMs = clock.elapsed()
    const lateMs = nowMs - this.#dueAtMs
    if (this.#pausedAtMs === undefined) {
      // The process was stopped. What arrived meanwhile may not be read yet, so that time is no
      // silence.
      if (lateMs > LATE_MS) this.#lifeAtMs = Math.min(this.#lifeAtMs + lateMs, nowMs)
      if (this.#answersPings && nowMs - this.#lifeAtMs >= SILENCE_MS) {
        silent()
        return
      }
      // A ping to a peer that reset the connection makes Node drop what it has not read yet: that is
      // another reason to send none while paused.
      if (nowMs >= this.#pingAtMs && (this.#answersPings || this.#unanswered < UNANSWERED_PINGS)) {
        this.#unanswered++
        ping()
      }
    }
    if (nowMs >= this.#pingAtMs) this.#pingAtMs = nowMs + PING_MS
    const judged = this.#answersPings && this.#pausedAtMs === undefined
    this.#dueAtMs = judged ? Math.min(this.#pingAtMs, this.#lifeAtMs + SILENCE_MS) : this.#pingAtMs
    this.#timer = clock.setTimeout(this.#beat, this.#dueAtMs - nowMs)
  }
}

/**
 * Answers pings, one at a time. Of the pings that come while a pong is being sent, only the last is
 * answered (RFC 6455, 5.5.3).
 */
export function answerPings(socket: WebSocket): (data: Buffer) => void {
  let sending = false
  let next: Buffer | undefined
  const send = (data: Buffer) => {
    if (socket.readyState !== socket.OPEN) return
    sending = true
    socket.pong(data, true, () => {
      sending = false
      const last = next
      next = undefined
      if (last) send(last)
    })
  }
  return (data) => {
    if (sending) next = data
    else send(data)
  }
}
