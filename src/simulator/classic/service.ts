import type { IncomingHttpHeaders } from 'node:http'
import { isTopic } from '../../classic/topics.js'
import { parseDuration } from '../../clock.js'
import type { Answer, Identity } from '../faults.js'
import type { PastFrame } from '../history.js'
import {
  type CentralRequest,
  type Endpoint,
  Requests,
  type Service,
  type Stream,
} from '../service.js'
import { customerIdOf, KeyBook, type Verdict } from './keys.js'

export type ClassicOptions = {
  /** Keys that are good. */
  readonly keys?: readonly string[]
  /** Default: accepted until a key is named, here or in the key book, and then refused. */
  readonly unknownKeys?: 'accept' | 'refuse'
  /** Topics that are not ticked, for any key. */
  readonly unsubscribed?: readonly string[]
}

/** Classic Central: validates keys, and opens one socket a topic at a single path. */
export class ClassicService implements Service {
  readonly keys: KeyBook
  readonly validations = new Requests()
  readonly endpoints: Readonly<Record<string, Endpoint>> = {
    '/streaming/token/validate': {
      requests: this.validations,
      identify,
      answer: ({ key }) => validate(key, this.keys),
    },
  }
  readonly streams: Readonly<Record<string, Stream>> = {
    '/streaming/api': {
      identify,
      refuse: (request) => refuse(request, this.keys),
      customerOf: ({ key = '' }) => customerIdOf(key),
      replay: ({ headers }, past, now) => replay(headers, past, now),
    },
  }

  constructor({ keys = [], unknownKeys, unsubscribed = [] }: ClassicOptions) {
    this.keys = new KeyBook(unknownKeys)
    this.keys.accept(...keys)
    for (const topic of unsubscribed) this.keys.unsubscribe(topic)
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
