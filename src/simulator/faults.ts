import { type EventEmitter, on } from 'node:events'

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
