import type { IncomingMessage } from 'node:http'
import type { Secret } from './secret.js'
import { firstLine, maskTokens } from './text.js'

/** A shorter part of a key gives nothing away, and may be any word. */
const MIN_PART = 16

/**
 * The first line of what a server said, fit for a message; where it quotes the key, or a part of
 * it, or any other JWT, it is masked.
 */
export function said(text: string, key: Secret): string {
  const parts = key
    .reveal()
    .split('.')
    .filter((part) => part.length >= MIN_PART)
  const masked = [key.reveal(), ...parts].reduce(
    (line, part) => line.replaceAll(part, '****'),
    text,
  )
  return firstLine(maskTokens(masked))
}

/** The host that a redirect from a URL names, fit for a message. */
export function redirectHost({ headers }: IncomingMessage, url: URL, key: Secret): string {
  const { location } = headers
  if (location === undefined || !URL.canParse(location, url.href)) return 'an unreadable address'
  return said(new URL(location, url.href).host, key) || 'an address without a host'
}
