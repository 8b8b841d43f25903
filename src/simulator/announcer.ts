/** Tells listeners of things as they happen. */
export class Announcer<T> {
  readonly #listeners = new Set<(subject: T) => void>()

  /** @returns takes the listener away */
  listen(listener: (subject: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The next subject that fits, of those announced after this call. */
  next(fits: (subject: T) => boolean): Promise<T> {
    return new Promise((resolve) => {
      const stop = this.listen((subject) => {
        if (!fits(subject)) return
        stop()
        resolve(subject)
      })
    })
  }

  announce(subject: T): void {
    for (const listener of this.#listeners) listener(subject)
  }
}
