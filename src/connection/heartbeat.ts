import type { Clock, Timer } from '../clock.js'

/** Half of what common NAT tables keep an idle mapping. */
const PING_MS = 30_000
/** Two pings in a row without an answer. */
export const SILENCE_MS = 60_000
/** A timer this late means that the process stood still (stopped, suspended), not that the server did. */
const LATE_MS = 1000

export type HeartbeatOptions = {
  clock: Clock
  /** Called every 30 s. */
  ping: () => void
  /** Called once, when there was no sign of life for 60 s. */
  silent: () => void
}

/** Notices that the other side is gone without a word. */
export type Heartbeat = {
  /** Something came: a frame, a pong, or a ping of the server's own. */
  alive(): void
  /** Nobody reads now, so silence means nothing: its clock stands still, and no ping is sent. */
  pause(): void
  resume(): void
  stop(): void
}

/** Starts pinging; to be stopped by whoever started it. */
export function startHeartbeat({ clock, ping, silent }: HeartbeatOptions): Heartbeat {
  let lifeAtMs = clock.elapsed()
  let pingAtMs = lifeAtMs + PING_MS
  let dueAtMs = pingAtMs
  let pausedAtMs: number | undefined
  let timer: Timer = clock.setTimeout(beat, PING_MS)

  function beat(): void {
    const nowMs = clock.elapsed()
    const lateMs = nowMs - dueAtMs
    if (pausedAtMs === undefined) {
      // What arrived while the process stood still is read after this timer, or was just before it.
      if (lateMs > LATE_MS) lifeAtMs = Math.min(lifeAtMs + lateMs, nowMs)
      if (nowMs - lifeAtMs >= SILENCE_MS) {
        silent()
        return
      }
      // A ping to a peer that reset the connection makes Node drop what it has not read yet: that is
      // another reason to send none while paused.
      if (nowMs >= pingAtMs) ping()
    }
    if (nowMs >= pingAtMs) pingAtMs = nowMs + PING_MS
    dueAtMs = pausedAtMs === undefined ? Math.min(pingAtMs, lifeAtMs + SILENCE_MS) : pingAtMs
    timer = clock.setTimeout(beat, dueAtMs - nowMs)
  }

  return {
    alive() {
      lifeAtMs = clock.elapsed()
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
