/** Enough for what a server repeats after a reconnect, and for what comes while two connections overlap. */
const REMEMBERED = 8192

/** The last events of a subscription. */
export class Repeats {
  /** In the order in which they came. */
  #seen: Set<string> | undefined

  /** Whether the event came before; from now on it has. Never for one that nothing tells from others. */
  has(id: string | undefined): boolean {
    if (id === undefined) return false
    this.#seen ??= new Set()
    if (this.#seen.has(id)) return true
    this.#seen.add(id)
    if (this.#seen.size > REMEMBERED) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest)
        break
      }
    }
    return false
  }
}
