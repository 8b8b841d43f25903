import type { IncomingMessage } from 'node:http'
import type { Secret } from '../secret.js'
import { firstLine, maskTokens } from '../text.js'

/** A shorter part of a key gives nothing away, and may be any word. */
const MIN_PART = 16
/** Of this much, the first line is shown; looking for keys takes ever longer in a longer text. */
const MAX_HEARD = 1024

/**
 * The first line of what a server said, fit for a message; where it quotes the key, or a part of
 * it, or any other JWT, it is masked.
 */
export function peerText(text: string, key: Secret): string {
  return firstLine(maskParts(maskTokens(text.slice(0, MAX_HEARD)), key.reveal()))
}

/** Masks whatever stands in the key as well: the server may have cut it anywhere. */
function maskParts(text: string, key: string): string {
  const least = Math.min(MIN_PART, key.length)
  let masked = ''
  for (let at = 0; at < text.length; ) {
    let end = at + least
    if (end > text.length || !key.includes(text.slice(at, end))) {
      masked += text[at++]
      continue
    }
    while (end < text.length && key.includes(text.slice(at, end + 1))) end++
    masked += '****'
    at = end
  }
  return masked
}

/** The host that a redirect from a URL names, fit for a message. */
export function redirectHost({ headers }: IncomingMessage, url: URL, key: Secret): string {
  const { location } = headers
  if (location === undefined || !URL.canParse(location, url.href)) return 'an unreadable address'
  return peerText(new URL(location, url.href).host, key) || 'an address without a host'
}
