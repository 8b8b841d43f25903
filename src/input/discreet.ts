import type { Node } from 'jsonc-parser'
import { printable } from '../text.js'

/** So many characters in common with a key are no accident. */
const TELLTALE = 8
const MAX_SHOWN = 40
/**
 * So many pieces are looked for in the keys themselves, enough for the hosts of a file; for more, a
 * set of all pieces is made, which takes half a second and 60 MB where there are a thousand keys.
 */
const SCANS = 500
/** Base64 that begins like every JWT. */
const JWT_START = /eyJ[\w-]{5}/
/** Words as people write them; pieces of a key mix small and capital letters and digits. */
const WORDS = /^(?:[A-Z]?[a-z]*|[A-Z]*)(?:[ _.-](?:[A-Z]?[a-z]*|[A-Z]*))*$/

/** Shows parts of a file without ever showing a key, wherever in the file it was pasted. */
export type Discreet = {
  /** A value as it may stand in a message; where it may not, what kind of value it is. */
  value(node: Node): string
  /** An entry's name as a step of a path: `.name`, `["odd name"]`, or `[entry 3]`. */
  step(name: string, ordinal: number): string
  /** Whether a text looks like a key, or has a piece of one in it. */
  hides(text: string): boolean
}

/** @param keys everything in the file that is meant as a key */
export function discreet(keys: readonly string[]): Discreet {
  const whole = new Set(keys)
  /** Most entries of a file name the same few hosts. */
  const known = new Map<string, boolean>()
  let pieces: ReadonlySet<string> | undefined
  let scans = 0

  function isPiece(text: string): boolean {
    if (++scans > SCANS) pieces ??= piecesOf(keys)
    return pieces?.has(text) ?? keys.some((key) => key.includes(text))
  }

  function look(text: string): boolean {
    if (whole.has(text) || JWT_START.test(text)) return true
    for (let at = 0; at + TELLTALE <= text.length; at++) {
      if (isPiece(text.slice(at, at + TELLTALE))) return true
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
      return node.type === 'string' ? `"${printable(text)}"` : text
    },
    step(name, ordinal) {
      if (hides(name)) return `[entry ${ordinal}]`
      return /^[\w-]{1,64}$/.test(name) ? `.${name}` : `["${printable(name, 64)}"]`
    },
  }
}

function piecesOf(keys: readonly string[]): ReadonlySet<string> {
  const pieces = new Set<string>()
  for (const key of keys) {
    for (let at = 0; at + TELLTALE <= key.length; at++) pieces.add(key.slice(at, at + TELLTALE))
  }
  return pieces
}
