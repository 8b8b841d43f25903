import { type EventEmitter, on } from 'node:events'
import type { Socket } from 'node:net'

/** Who asks for what; the service reads it from a request. */
export type Identity = {
  readonly topic: string | undefined
  /** The credential that was sent. */
  readonly key: string | undefined
  readonly username: string | undefined
}

/** Chooses requests or sockets: everything that is given must agree. */
export type Selection = {
  readonly topic?: string
  readonly key?: string
  readonly username?: string
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

export function selects(selection: Selection, subject: Identity): boolean {
  if (selection.topic !== undefined && selection.topic !== subject.topic) return false
  if (selection.key !== undefined && selection.key !== subject.key) return false
  if (selection.username !== undefined && selection.username !== subject.username) return false
  return selection.when === undefined || selection.when(subject)
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

type Rule = { readonly fault: Fault; readonly selection: Selection; left: number }

/** Faults that wait for requests. A request meets the oldest one that selects it. */
export class Faults {
  readonly #rules = new Set<Rule>()

  /** Adds a fault for the next `times` selected requests; `Infinity`: until it is removed. */
  add(fault: Fault, selection: Selection = {}, times = 1): RemoveFault {
    const rule = { fault, selection, left: times }
    this.#rules.add(rule)
    return () => this.#rules.delete(rule)
  }

  /** Takes the fault of a request; undefined where there is none. */
  take(subject: Identity): Fault | undefined {
    for (const rule of this.#rules) {
      if (!selects(rule.selection, subject)) continue
      rule.left -= 1
      if (rule.left <= 0) this.#rules.delete(rule)
      return rule.fault
    }
    return undefined
  }
}

/** Applies a fault to a request; without a fault the request proceeds. */
export function applyFault(
  fault: Fault | undefined,
  tcp: Socket,
  request: { readonly proceed: () => void; readonly answer: (answer: Answer) => void },
): void {
  switch (fault?.type) {
    case undefined:
      request.proceed()
      break
    case 'answer':
      request.answer(fault)
      break
    case 'stall':
      break
    case 'hold':
      fault.until.then(request.proceed, request.proceed)
      break
    case 'reset':
      tcp.resetAndDestroy()
      break
    case 'hang-up':
      tcp.destroy()
  }
}
