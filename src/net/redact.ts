import type { IncomingHttpHeaders } from 'node:http'
import type { Secret } from '../secret.js'
import { firstLine, maskTokens, printable } from '../text.js'

/** Stands for what may be secret. */
export const MASK = '****'
/** Parts of a secret from this length on are masked; of a short one, from half its length on. */
const MIN_PART = 16
/** A shorter secret, or part of one, is not masked: it may be in any word, and the mask would tell it. */
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

/**
 * A short text from outside without JWTs, secrets and parts of secrets, in every form in which the other
 * side may know them.
 */
export function maskSecrets(text: string, secrets: readonly Secret[]): string {
  const shown = maskTokens(text)
  const hidden = new Array<boolean>(shown.length).fill(false)
  for (const secret of secrets) {
    // Each is looked for in the whole text: a part that another form has, too, must not cut it in two.
    for (const form of formsOf(secret.reveal())) hideParts(shown, form, hidden)
  }
  let masked = ''
  for (let at = 0; at < shown.length; at++) {
    if (!hidden[at]) masked += shown[at]
    else if (!hidden[at - 1]) masked += MASK
  }
  return masked
}

/** A text as URLs, forms, JSON, HTML, hex and base64 have it. */
function formsOf(value: string): Set<string> {
  const bytes = Buffer.from(value)
  const form = new URLSearchParams({ '': value }).toString().slice(1)
  const json = JSON.stringify(value).slice(1, -1)
  return new Set([
    value,
    encodeURIComponent(value),
    form,
    form.replaceAll('+', '%20'),
    json,
    json.replaceAll('/', '\\/'),
    encodeEntities(value, '&#39;'),
    encodeEntities(value, '&#x27;'),
    bytes.toString('hex'),
    // The other side may leave out the padding.
    bytes.toString('base64'),
    bytes.toString('base64url'),
    ...base64Within(bytes, 'base64'),
    ...base64Within(bytes, 'base64url'),
  ])
}

/**
 * How base64 shows bytes that stand in others, as a password does behind its user: without the characters
 * that the neighbours shape.
 */
function base64Within(bytes: Buffer, encoding: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding)
    const whole = Math.floor(((before + bytes.length) * 4) / 3)
    return text.slice(Math.ceil((before * 4) / 3), whole)
  })
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

function encodeEntities(text: string, apostrophe: string): string {
  let encoded = text.replaceAll('&', '&amp;').replaceAll("'", apostrophe)
  for (const [entity, character] of Object.entries(ENTITIES)) {
    if (!"&'".includes(character)) encoded = encoded.replaceAll(character, entity)
  }
  return encoded
}

function decodeEntities(text: string): string {
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? entity)
}

/**
 * Marks every part that occurs in the secret: the other side may have cut the secret anywhere. In capitals
 * or small letters, since a host name is always in small ones.
 */
function hideParts(text: string, given: string, hidden: boolean[]): void {
  if (given.length < MIN_SECRET) return
  const secret = lower(given)
  const low = lower(text)
  const least = Math.min(MIN_PART, Math.max(MIN_SECRET, Math.ceil(secret.length / 2)))
  for (let at = 0; at + least <= text.length; ) {
    let end = at + least
    // A blank in front of it belongs to the text.
    if (low[at] === ' ' || !secret.includes(low.slice(at, end))) {
      at++
      continue
    }
    while (end < text.length && secret.includes(low.slice(at, end + 1))) end++
    hidden.fill(true, at, end)
    at = end
  }
}

/** In small letters, of the same length. */
function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
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
 * text before an `@` is masked, and in the path of a web address what may be a token; options, query and
 * fragment are left out. A password may hold any character, also one that a URL does not allow, so everything
 * up to the last `@` counts as login.
 */
export function redactUrl(type: string): string {
  if (PATH.test(type)) return type.replace(/\?.*$/s, '')
  const [, scheme, login, rest = ''] = URL_PARTS.exec(type) ?? []
  if (scheme === undefined) return type.replace(/^.*@/s, `${MASK}@`).replace(/[?#].*$/s, '')
  const place = WEB.test(scheme) ? rest.replace(STEPS, maskStep) : rest
  return `${scheme}${login === undefined ? '' : `${MASK}@`}${place}`
}

/** The parts of a URL's path that may be tokens, as those of webhooks are. */
export function tokensInPath({ pathname }: URL): string[] {
  return pathname.split('/').filter(isTokenLike)
}

const WEB = /^https?:/i
/** What follows a slash of the path; a backslash is one, too. */
const STEPS = /(?<=[/\\])[^/\\]+/g
/** A token has as many characters at least. */
const MIN_TOKEN = 16
/** No word is that long. */
const MAX_WORD = 20

function maskStep(step: string): string {
  return isTokenLike(step) ? MASK : step
}

/** Words of letters or digits are none: `aruba-stream-2026`. */
function isTokenLike(step: string): boolean {
  return (
    step.length >= MIN_TOKEN &&
    step.split(/[-._~]/).some((word) => word.length >= MAX_WORD || !/^(?:[a-z]*|\d*)$/i.test(word))
  )
}

/** Names from outside, such as those of a certificate, as a short list for a message. */
export function quoteNames(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).map((name) => printable(name, 100))
  return names.length > most
    ? `${shown.join(', ')} and ${names.length - most} more`
    : shown.join(', ')
}
