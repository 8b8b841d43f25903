import type { WebSocket } from 'ws'
import type { Clock, Timer } from '../clock.js'

/** Half of what common NAT tables keep an idle mapping. */
const PING_MS = 30_000
/** Two pings in a row without an answer. */
export const SILENCE_MS = 60_000
/** After this many pings without any answer, the server is assumed to answer none. */
const UNANSWERED_PINGS = 3
/** A timer that fires this late means that the process was stopped or suspended. */
const LATE_MS = 1000

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

/** Detects a peer that is gone without having closed the connection. */
export type Heartbeat = {
  /** Something came: a frame, or a ping of the server. */
  alive(): void
  /** A pong came. */
  pong(): void
  /** Reading is paused: the time does not count as silence, and no ping is sent. */
  pause(): void
  resume(): void
  stop(): void
}

/** Starts pinging; to be stopped by the caller. */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { clock, ping, silent } = options
  let { answersPings } = options
  let unanswered = 0
  let lifeAtMs = clock.elapsed()
  let pingAtMs = lifeAtMs + PING_MS
  let dueAtMs = pingAtMs
  let pausedAtMs: number | undefined
  let timer: Timer = clock.setTimeout(beat, PING_MS)

  function beat(): void {
    const nowMs = clock.elapsed()
    const lateMs = nowMs - dueAtMs
    if (pausedAtMs === undefined) {
      // The process was stopped. What arrived meanwhile may not be read yet, so that time is no
      // silence.
      if (lateMs > LATE_MS) lifeAtMs = Math.min(lifeAtMs + lateMs, nowMs)
      if (answersPings && nowMs - lifeAtMs >= SILENCE_MS) {
        silent()
        return
      }
      // A ping to a peer that reset the connection makes Node drop what it has not read yet: that is
      // another reason to send none while paused.
      if (nowMs >= pingAtMs && (answersPings || unanswered < UNANSWERED_PINGS)) {
        unanswered++
        ping()
      }
    }
    if (nowMs >= pingAtMs) pingAtMs = nowMs + PING_MS
    const judged = answersPings && pausedAtMs === undefined
    dueAtMs = judged ? Math.min(pingAtMs, lifeAtMs + SILENCE_MS) : pingAtMs
    timer = clock.setTimeout(beat, dueAtMs - nowMs)
  }

  return {
    alive() {
      lifeAtMs = clock.elapsed()
    },
    pong() {
      lifeAtMs = clock.elapsed()
      answersPings = true
    },
    pause() {
      pausedAtMs ??= clock.elapsed()
    },
    resume() {
      if (pausedAtMs === undefined) return
      lifeAtMs += clock.elapsed() - pausedAtMs
      pausedAtMs = undefined
    },
    stop() {
      clock.clearTimeout(timer)
    },
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
