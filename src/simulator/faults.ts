import type { Socket } from 'node:net'

/** What a request asks for, as far as rules look at it. */
export type Request = {
  /** Header `Topic`; undefined for a validation, or where it was not sent. */
  readonly topic: string | undefined
  /** Header `Authorization`. */
  readonly key: string | undefined
  /** Header `UserName`. */
  readonly username: string | undefined
}

/** Which requests, or sockets, are meant: all that is given must agree. */
export type Selection = {
  readonly topic?: string
  readonly key?: string
  readonly username?: string
  /** Any other condition. */
  readonly when?: (request: Request) => boolean
}

/** An HTTP answer; `body` is text/plain unless `headers` say otherwise. */
export type Answer = {
  readonly type: 'answer'
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What happens to a request in place of its proper answer. */
export type Fault =
  | Answer
  /** No answer, ever; the TCP connection stays. */
  | { readonly type: 'stall' }
  /** The proper answer, but not before `until` is settled. */
  | { readonly type: 'hold'; readonly until: Promise<unknown> }
  /** TCP reset. */
  | { readonly type: 'reset' }
  /** TCP end without an answer. */
  | { readonly type: 'hang-up' }

/** Takes a fault back. */
export type RemoveFault = () => void

/** Whether a request, or a socket, is meant by a selection. */
export function selects(selection: Selection, request: Request): boolean {
  if (selection.topic !== undefined && selection.topic !== request.topic) return false
  if (selection.key !== undefined && selection.key !== request.key) return false
  if (selection.username !== undefined && selection.username !== request.username) return false
  return selection.when === undefined || selection.when(request)
}

type Rule = { readonly fault: Fault; readonly selection: Selection; left: number }

/** Faults that wait for requests; the oldest that fits one is used first. */
export class Faults {
  readonly #rules: Rule[] = []

  /** Adds a fault for the next `times` requests that fit; `Infinity` makes it stand until removed. */
  add(fault: Fault, selection: Selection = {}, times = 1): RemoveFault {
    const rule = { fault, selection, left: times }
    this.#rules.push(rule)
    return () => this.#remove(rule)
  }

  /** The fault for a request, used up by it, or undefined. */
  take(request: Request): Fault | undefined {
    const rule = this.#rules.find(({ selection }) => selects(selection, request))
    if (rule === undefined) return undefined
    rule.left -= 1
    if (rule.left <= 0) this.#remove(rule)
    return rule.fault
  }

  #remove(rule: Rule): void {
    const index = this.#rules.indexOf(rule)
    if (index >= 0) this.#rules.splice(index, 1)
  }
}

/** Lets a request meet its fault, or go on where there is none. */
export function meet(
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
