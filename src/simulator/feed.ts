import { setMaxListeners } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isTopic, type Topic } from '../classic/topics.js'
import type { Central } from './central.js'
import { loopFrames, type Pace, paced, readFrames, waited } from './replay-file.js'
import type { CentralSocket } from './socket.js'
import { Traffic } from './traffic.js'

/** How often traffic is looked after; more frames than one may be due each time. */
const TICK_MS = 20
/** Longer than a client with a heartbeat takes to notice. */
const FROZEN_MS = 120_000

/**
 * Sends made-up traffic: one site for each customer, each topic from its first subscriber on, the
 * same messages to all subscribers of a customer. A slow reader slows its topic down.
 * @param pace frames a second and topic; `count` is for each socket
 */
export function feedTraffic(
  central: Central,
  pace: Required<Pick<Pace, 'rate' | 'signal'>> & Pick<Pace, 'count'>,
  clock?: () => number,
): void {
  allowWaiting(pace.signal)
  const sites = new Map<string, Traffic>()
  const channels = new Set<string>()
  const stop = central.opened.listen(({ topic, customerId }) => {
    const channel = `${customerId}/${topic}`
    if (channels.has(channel) || !isTopic(topic)) return
    channels.add(channel)
    const traffic = sites.get(customerId) ?? new Traffic({ customerId, ...(clock && { clock }) })
    sites.set(customerId, traffic)
    runChannel(central, traffic, topic, customerId, pace)
  })
  pace.signal.addEventListener('abort', stop, { once: true })
}

async function runChannel(
  central: Central,
  traffic: Traffic,
  topic: Topic,
  customerId: string,
  { rate, count = Number.POSITIVE_INFINITY, signal }: Parameters<typeof feedTraffic>[1],
): Promise<void> {
  const wants = (socket: CentralSocket) => socket.sent < count
  let startedAt = performance.now()
  let sent = 0
  do {
    const due = 1 + Math.floor(((performance.now() - startedAt) * rate) / 1000)
    let taken: Promise<unknown> = Promise.resolve()
    for (; sent < due; sent += 1) {
      taken = central.broadcast(topic, traffic.next(topic), customerId, wants)
    }
    await taken
    // Time that a slow reader has cost is not made up for.
    if (performance.now() - startedAt > 1000 + (sent * 1000) / rate) {
      startedAt = performance.now() - (sent * 1000) / rate
    }
    await nextTurn()
  } while (await waited(Math.max(TICK_MS, 1000 / rate), signal))
}

/**
 * Sends a file's frames of its topic to each new socket, from the first on, at a pace.
 * @param onError gets what is wrong with the file, once a socket
 */
export function feedFrames(
  central: Central,
  path: string,
  options: Pace & { readonly loop?: boolean },
  onError: (error: unknown) => void,
): void {
  if (options.signal) allowWaiting(options.signal)
  const stop = central.opened.listen((socket) => {
    const frames = options.loop ? loopFrames(path, socket.topic) : readFrames(path, socket.topic)
    socket.sendAll(paced(frames, options)).catch(onError)
  })
  options.signal?.addEventListener('abort', stop, { once: true })
}

/**
 * Breaks each socket once, at a random moment, about `meanSeconds` after it was opened, in a random
 * way; now and then the next handshake is put off with 503, too.
 */
export function breakSockets(
  central: Central,
  meanSeconds: number,
  signal: AbortSignal,
  random: () => number = Math.random,
): void {
  allowWaiting(signal)
  const stop = central.opened.listen(async (socket) => {
    const delayMs = -Math.log(1 - random()) * meanSeconds * 1000
    const ended = new AbortController()
    socket.ended.then(() => ended.abort())
    if (!(await waited(delayMs, AbortSignal.any([signal, ended.signal])))) return
    if (random() < 0.2) {
      const { key, topic } = socket
      const headers = { 'Retry-After': '2' }
      central.failHandshake({ type: 'answer', status: 503, headers }, { key, topic })
    }
    BREAKS[Math.floor(random() * BREAKS.length)]?.(socket)
    // A frozen socket never notices that its client is gone.
    if (socket.frozen && (await waited(FROZEN_MS, signal))) socket.reset()
  })
  signal.addEventListener('abort', stop, { once: true })
}

/** Many sockets wait on the one signal, which Node would take for a leak. */
function allowWaiting(signal: AbortSignal): void {
  setMaxListeners(0, signal)
}

const BREAKS: readonly ((socket: CentralSocket) => void)[] = [
  (socket) => socket.reset(),
  (socket) => socket.terminate(),
  (socket) => socket.freeze(),
  (socket) => socket.close(1001),
  (socket) => socket.close(1012),
  (socket) => socket.close(4000),
]
