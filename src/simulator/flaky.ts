import type { Clock } from '../clock.js'
import type { Central } from './central.js'
import { waited } from './feed.js'
import type { CentralSocket } from './socket.js'

/** Longer than a client with a heartbeat takes to notice. */
const FROZEN_MS = 120_000
/** How often the next handshake is answered with 503 as well. */
const REFUSED_AFTERWARDS = 0.2

const BREAKS: readonly ((socket: CentralSocket) => void)[] = [
  (socket) => socket.reset(),
  (socket) => socket.terminate(),
  (socket) => socket.freeze(),
  (socket) => socket.close(1001),
  (socket) => socket.close(1012),
  (socket) => socket.close(4000),
]

type FlakyOptions = {
  /** Mean life of a socket. */
  readonly meanSeconds: number
  readonly signal: AbortSignal
  readonly clock: Clock
  /** From 0 up to, but not including, 1. */
  readonly random: () => number
}

/** Breaks each socket once, at a random moment and in a random way. */
export function breakSockets(central: Central, options: FlakyOptions): void {
  const { meanSeconds, signal, clock, random } = options
  central.on('opened', async (socket) => {
    const delayMs = -Math.log(1 - random()) * meanSeconds * 1000
    const ended = new AbortController()
    socket.ended.then(() => ended.abort())
    if (!(await waited(delayMs, AbortSignal.any([signal, ended.signal]), clock))) return
    if (random() < REFUSED_AFTERWARDS) {
      const { key, subscriberId, topic } = socket
      // A client of New Central comes back with another token.
      const who = subscriberId === undefined ? { key } : { subscriberId }
      const headers = { 'Retry-After': '2' }
      central.failHandshake({ type: 'answer', status: 503, headers }, { ...who, topic })
    }
    BREAKS[Math.floor(random() * BREAKS.length)]?.(socket)
    // A frozen socket does not notice that its client is gone.
    if (socket.frozen && (await waited(FROZEN_MS, signal, clock))) socket.reset()
  })
}
