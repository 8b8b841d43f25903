import type { IncomingHttpHeaders } from 'node:http'
import { isTopic } from '../../classic/topics.js'
import { type Clock, parseDuration } from '../../clock.js'
import { getOrMake } from '../../maps.js'
import type { Answer, Identity } from '../faults.js'
import {
  type Broadcast,
  type CentralRequest,
  type Endpoint,
  Requests,
  type Service,
  type Stream,
} from '../service.js'
import type { CentralSocket } from '../socket.js'
import { customerIdOf, KeyBook, type Verdict } from './keys.js'

export type ClassicOptions = {
  /** Keys that are good. */
  readonly keys?: readonly string[]
  /** Default: accepted until a key is named, here or in the key book, and then refused. */
  readonly unknownKeys?: 'accept' | 'refuse'
  /** Topics that are not ticked, for any key. */
  readonly unsubscribed?: readonly string[]
  /** Frames kept of each topic for those who ask for past ones; default 0. */
  readonly history?: number
}

/** Classic Central: validates keys, and opens one socket a topic at a single path. */
export class ClassicService implements Service {
  readonly keys: KeyBook
  readonly validations = new Requests()
  readonly endpoints: Readonly<Record<string, Endpoint>> = {
    '/streaming/token/validate': {
      requests: this.validations,
      identify: ({ headers }) => identify(headers),
      answer: ({ key }) => validate(key, this.keys),
    },
  }
  readonly streams: Readonly<Record<string, Stream>> = {
    '/streaming/api': {
      identify: ({ headers }) => identify(headers),
      refuse: (request) => refuse(request, this.keys),
      customerOf: ({ key = '' }) => customerIdOf(key),
      join: (socket, { headers }) => this.#join(socket, headers),
    },
  }
  readonly #sockets = new Set<CentralSocket>()
  readonly #history: History
  readonly #clock: Pick<Clock, 'now'>

  constructor(
    { keys = [], unknownKeys, unsubscribed = [], history = 0 }: ClassicOptions,
    clock: Pick<Clock, 'now'>,
  ) {
    this.#history = new History(history)
    this.#clock = clock
    this.keys = new KeyBook(unknownKeys)
    this.keys.accept(...keys)
    for (const topic of unsubscribed) this.keys.unsubscribe(topic)
  }

  /** Sends a frame to every socket of the topic, and keeps it in the history. */
  async broadcast({ topic, frame, customerId, when }: Broadcast): Promise<number> {
    this.#history.add(topic, customerId, this.#clock.now(), frame)
    const meant = [...this.#sockets].filter(
      (socket) =>
        socket.topic === topic &&
        (customerId === undefined || customerId === socket.customerId) &&
        when(socket),
    )
    const taken = await Promise.all(meant.map((socket) => socket.send(frame)))
    return taken.filter(Boolean).length
  }

  #join(socket: CentralSocket, headers: IncomingHttpHeaders): void {
    this.#sockets.add(socket)
    socket.ended.then(() => this.#sockets.delete(socket))
    const past = this.#history.of(socket.topic, socket.customerId)
    for (const { frame } of replay(headers, past, this.#clock.now())) socket.send(frame)
  }
}

function identify({ topic, authorization, username }: IncomingHttpHeaders): Identity {
  return {
    topic: typeof topic === 'string' ? topic : undefined,
    key: authorization,
    username: typeof username === 'string' ? username : undefined,
  }
}

/** Answers with the key, its renewal, or a refusal. */
function validate(key: string | undefined, keys: KeyBook): Answer {
  const verdict: Verdict = key === undefined ? { status: 401 } : keys.validate(key)
  // It is not known what Central's refusals look like.
  const body = verdict.token === undefined ? { message: 'Invalid token' } : { token: verdict.token }
  return {
    type: 'answer',
    status: verdict.status,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  }
}

/** Refuses a key with 401, a topic with 400. */
function refuse({ key, topic }: CentralRequest, keys: KeyBook): Answer | undefined {
  if (key === undefined || !keys.opens(key)) {
    return { type: 'answer', status: 401, body: 'Unauthorized\n' }
  }
  if (topic === undefined || !isTopic(topic) || !keys.isSubscribed(topic, key)) {
    return { type: 'answer', status: 400, body: 'Unsubscribed Topic\n' }
  }
  return undefined
}

/** Chooses past frames by the replay headers; without any, none. */
function replay(
  headers: IncomingHttpHeaders,
  past: readonly PastFrame[],
  now: number,
): readonly PastFrame[] {
  const startSeq = headers['x-start-seq']
  const since = headers['x-since-time']
  if (typeof startSeq === 'string') return past.filter(({ seq }) => seq >= Number(startSeq))
  if (typeof since === 'string') {
    const sinceMs = parseDuration(since)
    return sinceMs === undefined ? [] : past.filter(({ at }) => at >= now - sinceMs)
  }
  if (isTrue(headers['x-deliver-all'])) return past
  return isTrue(headers['x-deliver-last']) ? past.slice(-1) : []
}

function isTrue(header: string | string[] | undefined): boolean {
  return String(header).toLowerCase() === 'true'
}

/** One frame that was broadcast. */
type PastFrame = {
  /** Counts the frames of the topic from 1. */
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** undefined: for every customer. */
  readonly customerId: string | undefined
  readonly frame: Uint8Array | string
}

/** The last frames of each topic. */
class History {
  readonly #limit: number
  readonly #topics = new Map<string, PastFrame[]>()

  /** @param limit frames kept of each topic; 0 keeps none */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(topic: string, customerId: string | undefined, at: number, frame: PastFrame['frame']): void {
    if (this.#limit === 0) return
    const past = getOrMake(this.#topics, topic, () => [])
    past.push({ seq: (past.at(-1)?.seq ?? 0) + 1, at, customerId, frame })
    if (past.length > this.#limit) past.shift()
  }

  /** The frames of a topic that were meant for a customer, oldest first. */
  of(topic: string, customerId: string): readonly PastFrame[] {
    const past = this.#topics.get(topic) ?? []
    return past.filter((each) => each.customerId === undefined || each.customerId === customerId)
  }
}
