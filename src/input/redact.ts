import type { Node } from 'jsonc-parser'
import { visible } from '../characters.js'

/** So many characters in common with a key are no accident. */
const TELLTALE = 8
const MAX_SHOWN = 40
/** Base64 that begins like every JWT. */
const JWT_START = /eyJ[\w-]{5}/
/** Words as people write them; pieces of a key mix small and capital letters and digits. */
const WORDS = /^(?:[A-Z]?[a-z]*|[A-Z]*)(?:[ _.-](?:[A-Z]?[a-z]*|[A-Z]*))*$/

/** Shows parts of a file but never a key, wherever in the file it was pasted. */
export type Redact = {
  /** A value as a message may show it; else what kind of value it is. */
  value(node: Node): string
  /** A name as a step of a path: `.name`, `["odd name"]`, or `[entry 3]` where the name may be a key. */
  step(name: string, kind: string, ordinal: number): string
  /** Whether a text looks like a key, or holds a piece of one. */
  hides(text: string): boolean
}

/** @param keys everything in the file that is meant as a key */
export function redact(keys: readonly string[]): Redact {
  // A key that is empty would hide every value that is.
  const whole = new Set(keys.filter((key) => key !== ''))
  /** Most entries of a file name the same few hosts. */
  const known = new Map<string, boolean>()
  let pieces: Pieces | undefined

  function look(text: string): boolean {
    if (JWT_START.test(text) || whole.has(text)) return true
    if (text.length < TELLTALE) return false
    pieces ??= new Pieces(keys.join('\n'))
    for (let at = 0; at + TELLTALE <= text.length; at++) {
      if (pieces.has(text, at)) return true
    }
    return false
  }

  function hides(text: string): boolean {
    const hidden = known.get(text) ?? look(text)
    known.set(text, hidden)
    return hidden
  }

  return {
    hides,
    value(node) {
      if (node.type === 'object' || node.type === 'array') return `an ${node.type}`
      if (node.type === 'null') return 'null'
      const text = String(node.value)
      const wordy = text.length < TELLTALE || WORDS.test(text)
      if (text.length > MAX_SHOWN || !wordy || hides(text)) {
        return `a ${node.type} of ${text.length} characters (not shown: it may be a key)`
      }
      return node.type === 'string' ? `"${visible(text)}"` : text
    },
    step(name, kind, ordinal) {
      if (hides(name)) return `[${kind} ${ordinal}]`
      return /^[\w-]{1,64}$/.test(name) ? `.${name}` : `["${visible(name, 64)}"]`
    },
  }
}

/**
 * The places of all pieces of the keys, in a hash table of numbers: a thousand keys have half a million
 * pieces, which as a set of texts take half a second and 60 MB.
 */
class Pieces {
  readonly #keys: string
  /** The place of a piece, counted from 1; 0 is a free slot. */
  readonly #places: Uint32Array
  readonly #mask: number

  constructor(keys: string) {
    const size = 2 ** Math.ceil(Math.log2(2 * keys.length + 2))
    this.#keys = keys
    this.#places = new Uint32Array(size)
    this.#mask = size - 1
    for (let at = 0; at + TELLTALE <= keys.length; at++) {
      const slot = this.#slotOf(keys, at)
      if (this.#places[slot] === 0) this.#places[slot] = at + 1
    }
  }

  /** Whether the eight characters of a text from `at` on occur in a key. */
  has(text: string, at: number): boolean {
    return this.#places[this.#slotOf(text, at)] !== 0
  }

  /** The slot of a piece, or the free one where it belongs. */
  #slotOf(text: string, at: number): number {
    let hash = 0x811c9dc5
    for (let next = 0; next < TELLTALE; next++) {
      hash = Math.imul(hash ^ text.charCodeAt(at + next), 0x01000193)
    }
    let slot = (hash ^ (hash >>> 15)) & this.#mask
    for (let place = this.#places[slot]; place; place = this.#places[slot]) {
      if (this.#isPiece(text, at, place - 1)) break
      slot = (slot + 1) & this.#mask
    }
    return slot
  }

  #isPiece(text: string, at: number, place: number): boolean {
    let next = 0
    while (next < TELLTALE && text.charCodeAt(at + next) === this.#keys.charCodeAt(place + next)) {
      next++
    }
    return next === TELLTALE
  }
}
