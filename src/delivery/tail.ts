/** What was sent in one write. */
type Chunk = {
  readonly bytes: Uint8Array
  /** How many lines it holds. */
  readonly count: number
}

/** The chunks that were sent last: together at least `leastBytes`, once that much was sent. */
export class Tail {
  readonly #leastBytes: number
  readonly #chunks: Chunk[] = []
  #bytes = 0

  constructor(leastBytes: number) {
    this.#leastBytes = leastBytes
  }

  get chunks(): readonly Chunk[] {
    return this.#chunks
  }

  get bytes(): number {
    return this.#bytes
  }

  push(chunk: Chunk): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.bytes.length
    for (let first = this.#chunks[0]; first; first = this.#chunks[0]) {
      if (this.#bytes - first.bytes.length < this.#leastBytes) return
      this.#chunks.shift()
      this.#bytes -= first.bytes.length
    }
  }
}
