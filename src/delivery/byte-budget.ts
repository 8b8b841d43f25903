/** Bounds the bytes that one queue holds, or several queues together. */
export class ByteBudget {
  readonly #limit: number
  readonly #waiting = new Set<() => void>()
  #used = 0
  #room: Promise<void> | undefined

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit
  }

  get used(): number {
    return this.#used
  }

  /** Whether the limit is reached. What is added all the same is counted, too. */
  get full(): boolean {
    return this.#used >= this.#limit
  }

  add(bytes: number): void {
    this.#used += bytes
  }

  remove(bytes: number): void {
    this.#used -= bytes
    if (this.full || this.#waiting.size === 0) return
    const callbacks = [...this.#waiting]
    this.#waiting.clear()
    for (const callback of callbacks) callback()
  }

  /** Calls back once, as soon as there is room again. */
  onceRoom(callback: () => void): void {
    this.#waiting.add(callback)
  }

  /** Resolves when there is room. All callers that wait share one promise. */
  room(): Promise<void> {
    if (!this.full) return Promise.resolve()
    this.#room ??= new Promise((resolve) => {
      this.onceRoom(() => {
        this.#room = undefined
        resolve()
      })
    })
    return this.#room
  }
}
