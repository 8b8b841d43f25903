import { createHash } from 'node:crypto'

// Linux and macOS take 255 bytes a name; the rest is left for an ending.
const MAX_LENGTH = 200

/**
 * A name as one harmless piece of a path or subject, different for different names: what is no ASCII
 * letter, digit, `_`, `-` or (but at the start) `.` becomes `%` and the hex of its UTF-8 bytes, and what
 * is too long is cut and ends in `~` and a hash.
 * @param keepDots whether a `.` may stay; false where it separates, as in subjects
 */
export function safeName(name: string, { keepDots = true } = {}): string {
  const safe = name
    .replace(keepDots ? /[^\w.-]|^\./gu : /[^\w-]/gu, percent)
    // An empty name has nothing to escape; a lone % stands for nothing else.
    .replace(/^$/, '%')
  if (safe.length <= MAX_LENGTH) return safe
  const hash = createHash('sha256').update(safe).digest('hex').slice(0, 32)
  return `${safe.slice(0, MAX_LENGTH - hash.length - 1)}~${hash}`
}

function percent(character: string): string {
  // Half a surrogate pair has no UTF-8; JSON can carry one all the same.
  if (/^\p{Cs}$/u.test(character)) return `%u${character.charCodeAt(0).toString(16)}`
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
}
