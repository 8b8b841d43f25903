import type { IncomingHttpHeaders } from 'node:http'
import type { Secret } from '../secret.js'
import { firstLine, maskTokens, printable } from '../text.js'

/** Stands for what may be secret. */
export const MASK = '****'
/** A shorter part of a secret is not masked: it tells nothing, and may be any word. */
const MIN_PART = 16
/** A shorter secret is not masked: the mask would show where it occurs. */
const MIN_SECRET = 4
/** The readable text is looked for in this much: the title of a page is near its beginning. */
const MAX_READ = 4096
/** The first line is taken from this much: the search for secrets is slow in a long text. */
const MAX_QUOTED = 1024

/**
 * What the other side said, as one line for a message: of an HTML page its title, else its text; a JSON
 * text in one line; else the first line. The secrets that were sent, parts of them, and JWTs are masked.
 */
export function quotePeer(text: string, secrets: readonly Secret[]): string {
  return firstLine(maskSecrets(readableLine(text).slice(0, MAX_QUOTED), secrets))
}

/** A short text from outside without JWTs, secrets and parts of secrets. */
export function maskSecrets(text: string, secrets: readonly Secret[]): string {
  let masked = maskTokens(text)
  for (const secret of secrets) {
    const value = secret.reveal()
    const bytes = Buffer.from(value)
    const encoded = [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      encodeURIComponent(value),
    ]
    for (const form of [value, ...encoded]) {
      // The other side may leave out the padding of base64.
      masked = maskParts(maskParts(masked, form), form.replace(/=+$/, ''))
    }
  }
  return masked
}

function readableLine(text: string): string {
  const trimmed = text.trimStart().slice(0, MAX_READ)
  if (/^[{[]/.test(trimmed)) return trimmed.replace(/\s+/g, ' ')
  if (!/^<[!?a-z]/i.test(trimmed)) return trimmed
  const [, title = ''] = /<title[^>]*>([^<]*)/i.exec(trimmed) ?? []
  const shown = title.trim() === '' ? trimmed.replace(HTML_NOISE, ' ') : title
  return decodeEntities(shown.replace(/\s+/g, ' ')).trim()
}

const HTML_NOISE = /<!--.*?-->|<(script|style)\b.*?<\/\1>|<[^>]*>/gis
const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
}

function decodeEntities(text: string): string {
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? entity)
}

/** Masks every part that occurs in the secret: the other side may have cut the secret anywhere. */
function maskParts(text: string, secret: string): string {
  if (secret.length < MIN_SECRET) return text
  const least = Math.min(MIN_PART, secret.length)
  let masked = ''
  for (let at = 0; at < text.length; ) {
    let end = at + least
    if (end > text.length || !secret.includes(text.slice(at, end))) {
      masked += text[at++]
      continue
    }
    while (end < text.length && secret.includes(text.slice(at, end + 1))) end++
    masked += MASK
    at = end
  }
  return masked
}

/** The host that a redirect from a URL names, for a message. */
export function redirectHost(
  { headers: { location } }: { readonly headers: IncomingHttpHeaders },
  url: URL,
  secrets: readonly Secret[],
): string {
  if (location === undefined || !URL.canParse(location, url.href)) return 'an unreadable address'
  return quotePeer(new URL(location, url.href).host, secrets) || 'an address without a host'
}

/** TYPEs that are followed by a path: what looks like a login there is a file's name. */
const PATH = /^([./]|(json|csv)(:|$))/
const URL_PARTS = /^([a-z][a-z\d+.-]*:\/*)(.*@)?([^?#]*)([?#].*)?$/is

/**
 * A TYPE of `--export_data`, or a URL, as logs, metrics, errors and the dead letter may show it: the
 * text before an `@` is masked, options, query and fragment are left out. A password may hold any character,
 * also one that a URL does not allow, so everything up to the last `@` counts as login.
 */
export function redactUrl(type: string): string {
  if (PATH.test(type)) return type.replace(/\?.*$/s, '')
  const [, scheme, login, rest = ''] = URL_PARTS.exec(type) ?? []
  if (scheme === undefined) return type.replace(/^.*@/s, `${MASK}@`).replace(/[?#].*$/s, '')
  return `${scheme}${login === undefined ? '' : `${MASK}@`}${rest}`
}

/** Names from outside, such as those of a certificate, as a short list for a message. */
export function quoteNames(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).map((name) => printable(name, 100))
  return names.length > most
    ? `${shown.join(', ')} and ${names.length - most} more`
    : shown.join(', ')
}
