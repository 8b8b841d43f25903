import { type EventEmitter, on } from 'node:events'
import { type Clock, sleep } from '../clock.js'
import type { Central } from './central.js'
import type { CentralSocket } from './socket.js'

/** What a request asks for, and with which credential. The service reads it from the request. */
export type Identity = {
  readonly topic: string | undefined
  /** The credential that was sent. */
  readonly key: string | undefined
  readonly username: string | undefined
  /** Only New Central knows such ids. */
  readonly subscriberId?: string | undefined
}

/** Chooses requests or sockets: everything that is given must agree. */
export type Selection = {
  readonly topic?: string
  readonly key?: string
  readonly username?: string
  readonly subscriberId?: string
  /** Any other condition. */
  readonly when?: (subject: Identity) => boolean
}

/** An HTTP answer; `body` is text/plain unless `headers` say otherwise. */
export type Answer = {
  readonly type: 'answer'
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What a request gets in place of its proper answer. */
export type Fault =
  | Answer
  /** No answer; the TCP connection stays open. */
  | { readonly type: 'stall' }
  /** The proper answer, but only after `until` has settled. */
  | { readonly type: 'hold'; readonly until: Promise<unknown> }
  /** A TCP reset. */
  | { readonly type: 'reset' }
  /** The end of the TCP connection without an answer. */
  | { readonly type: 'hang-up' }

/** Removes a fault before it was used up. */
export type RemoveFault = () => void

export function selects({ when, ...given }: Selection, subject: Identity): boolean {
  const names = Object.keys(given) as (keyof Identity)[]
  const agree = names.every((name) => given[name] === undefined || given[name] === subject[name])
  return agree && (when === undefined || when(subject))
}

/** The subject of the next event that the selection chooses, counted from this call. */
export async function nextSelected<T extends Identity>(
  emitter: EventEmitter,
  event: string,
  selection: Selection,
): Promise<T> {
  for await (const [subject] of on(emitter, event)) {
    if (selects(selection, subject)) return subject
  }
  throw new Error('events.on() does not end')
}

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
    if (!(await sleep(delayMs, clock, AbortSignal.any([signal, ended.signal])))) return
    if (random() < REFUSED_AFTERWARDS) {
      const { key, subscriberId, topic } = socket
      // A client of New Central comes back with another token.
      const who = subscriberId === undefined ? { key } : { subscriberId }
      const headers = { 'Retry-After': '2' }
      central.failHandshake({ type: 'answer', status: 503, headers }, { ...who, topic })
    }
    BREAKS[Math.floor(random() * BREAKS.length)]?.(socket)
    // A frozen socket does not notice that its client is gone.
    if (socket.frozen && (await sleep(FROZEN_MS, clock, signal))) socket.reset()
  })
}
