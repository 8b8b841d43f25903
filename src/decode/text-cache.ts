/** Makes text of bytes. */
type MakeText = (bytes: Buffer, start: number, end: number) => string

/** Longer texts seldom come again. */
const MAX_LENGTH = 16

const WORDS = MAX_LENGTH / 4
const PLACE_BITS = 12
const PLACES = 1 << PLACE_BITS

/**
 * Keeps texts of a few bytes, such as addresses, roles and the names of networks: most come again and again.
 * To find one is quicker than to make it, and records share it. A text has one place, and the next one of that
 * place replaces it: the memory is bounded, whatever comes.
 */
export class TextCache {
  /** The bytes of each text as words, of which the last overlap the first. */
  readonly #words = new Int32Array(PLACES * WORDS)
  /** How many bytes each text has; 0 of a place that is free. */
  readonly #lengths = new Uint8Array(PLACES)
  readonly #texts: string[] = new Array(PLACES).fill('')
  readonly #make: MakeText

  constructor(make: MakeText) {
    this.#make = make
  }

  get(bytes: Buffer, start: number, end: number): string {
    const length = end - start
    if (length === 0 || length > MAX_LENGTH) return this.#make(bytes, start, end)
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    if (length < 4) a = shortWord(bytes, start, end)
    else {
      a = word(bytes, start)
      b = word(bytes, end - 4)
      if (length > 8) {
        c = word(bytes, start + 4)
        d = word(bytes, end - 8)
      }
    }
    const place = placeOf(a, b, c, d, length)
    const words = this.#words
    const at = place * WORDS
    if (
      words[at] === a &&
      words[at + 1] === b &&
      words[at + 2] === c &&
      words[at + 3] === d &&
      this.#lengths[place] === length
    ) {
      return this.#texts[place] as string
    }
    const text = this.#make(bytes, start, end)
    words[at] = a
    words[at + 1] = b
    words[at + 2] = c
    words[at + 3] = d
    this.#lengths[place] = length
    this.#texts[place] = text
    return text
  }
}

function placeOf(a: number, b: number, c: number, d: number, length: number): number {
  const first = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ length
  const both = first ^ (first >>> 15) ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f)
  return Math.imul(both ^ (both >>> 13), 0x2c1b3c6d) >>> (32 - PLACE_BITS)
}

function word(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

/** One to three bytes. */
function shortWord(bytes: Buffer, start: number, end: number): number {
  const middle = (start + end) >> 1
  return (
    (bytes[start] as number) | ((bytes[middle] as number) << 8) | ((bytes[end - 1] as number) << 16)
  )
}
