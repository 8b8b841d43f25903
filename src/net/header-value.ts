const NAMES: Readonly<Record<number, string>> = {
  0: 'a NUL character',
  10: 'a line feed',
  13: 'a carriage return',
  27: 'an escape character',
  127: 'a DEL character',
}

/**
 * Why a text cannot be the value of an HTTP header, which carries Latin-1 without control characters
 * (RFC 9110, 5.5): the kind of the first character in the way and its place, counted from 1, without
 * showing any of the text. Undefined where nothing is in the way.
 */
export function headerFault(text: string): string | undefined {
  const at = text.search(/[^\t\x20-\x7e\x80-\xff]/)
  if (at === -1) return undefined
  const code = text.charCodeAt(at)
  const kind =
    NAMES[code] ?? (code < 256 ? 'a control character' : 'a letter or sign that is not Latin-1')
  return `${kind} at character ${at + 1}`
}
