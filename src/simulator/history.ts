/** One frame that was broadcast. */
export type PastFrame = {
  /** Counts the frames of the topic from 1. */
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** undefined: for every customer. */
  readonly customerId: string | undefined
  readonly frame: Uint8Array | string
}

/** The last frames of each topic. */
export class History {
  readonly #limit: number
  readonly #topics = new Map<string, PastFrame[]>()

  /** @param limit frames kept of each topic; 0 keeps none */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(topic: string, customerId: string | undefined, at: number, frame: PastFrame['frame']): void {
    if (this.#limit === 0) return
    const past = this.#topics.get(topic) ?? []
    this.#topics.set(topic, past)
    past.push({ seq: (past.at(-1)?.seq ?? 0) + 1, at, customerId, frame })
    if (past.length > this.#limit) past.shift()
  }

  /** The frames of a topic that were meant for a customer, oldest first. */
  of(topic: string, customerId: string): readonly PastFrame[] {
    const past = this.#topics.get(topic) ?? []
    return past.filter((each) => each.customerId === undefined || each.customerId === customerId)
  }
}
