import type { Node } from 'jsonc-parser'
import { printable } from '../text.js'

/** So many characters in common with a key are no accident. */
const TELLTALE = 8
const MAX_SHOWN = 40
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
  const pieces = new Set<string>()
  for (const key of keys) {
    for (let at = 0; at + TELLTALE <= key.length; at++) pieces.add(key.slice(at, at + TELLTALE))
  }

  function hides(text: string): boolean {
    if (whole.has(text) || JWT_START.test(text)) return true
    for (let at = 0; at + TELLTALE <= text.length; at++) {
      if (pieces.has(text.slice(at, at + TELLTALE))) return true
    }
    return false
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
