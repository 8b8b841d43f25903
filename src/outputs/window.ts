/**
 * Bounds how many bytes an exporter has taken over and not yet delivered. What goes past the limit
 * is taken all the same, and whoever brought it waits for room: at most one message an entry.
 */
export class Window {
  readonly #limit: number
  #used = 0
  #room: Promise<void> | undefined
  #open: () => void = () => {}

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Nothing while there is room, else a promise that resolves when there is again. */
  add(bytes: number): void | Promise<void> {
    this.#used += bytes
    if (this.#used < this.#limit) return
    this.#room ??= new Promise((resolve) => {
      this.#open = resolve
    })
    return this.#room
  }

  remove(bytes: number): void {
    this.#used -= bytes
    if (this.#used >= this.#limit) return
    this.#room = undefined
    this.#open()
  }
}
