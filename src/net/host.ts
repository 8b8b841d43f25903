import { isIP } from 'node:net'
import { nameCharacter } from '../characters.js'
import { StreamError } from '../errors.js'
import { maskTokens } from '../text.js'
import { redactUrl } from './redact.js'

/** Where a cluster of Central is reached: the base URL from its Streaming page, reduced to what matters. */
export type Host = {
  /** `host` or `host:port`, as a URL spells it. */
  readonly authority: string
  /** TLS; plain text is accepted for loopback hosts only. */
  readonly secure: boolean
}

/** Whether each is secure. */
const SCHEMES: ReadonlyMap<string, boolean> = new Map([
  ['wss', true],
  ['https', true],
  ['ws', false],
  ['http', false],
])

/** The paths that a pasted URL of a stream may have. */
const STREAM_PATH =
  /^(\/|\/streaming\/api\/?|\/network-(?:monitoring|services|notifications)\/v1\w*\/[\w-]+\/?)$/i
/** Names of variables in configuration files and templates. */
const VARIABLE = /\$\{[^}]*\}?|\$\w+|\{\{.*?\}\}|%\w+%|<[^>]*>/

/**
 * Reads a host as users have it: `host`, `host:port`, `[::1]:8443`, or a pasted URL such as
 * `wss://host/streaming/api`.
 * @throws StreamError `usage`, which says what was expected and what came
 */
export function parseHost(text: string): Host {
  const wrong = (why: string) =>
    new StreamError(
      'usage',
      `expected a host such as "internal-ui.central.arubanetworks.com"; got ${maskTokens(JSON.stringify(redactUrl(text)))} (${why})`,
    )
  const trimmed = text.trim()
  const [, scheme = 'wss', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(trimmed) ?? []
  const [authority = ''] = /^[^/?#]*/.exec(rest) ?? []
  if (authority.includes('@')) {
    // Not quoted: the text before the @ may be a secret.
    throw new StreamError('usage', 'expected a host without user or password before an "@"')
  }
  const secure = SCHEMES.get(scheme.toLowerCase())
  if (secure === undefined) throw wrong(`unknown scheme "${scheme}"`)
  if (rest === '') throw wrong('it is empty')
  if (maskTokens(rest) !== rest) throw wrong('it looks like a key')
  if (isScheme(authority)) {
    throw wrong(
      'it has a scheme where the host should be: expected one scheme, with "://" behind it',
    )
  }
  const fault = authorityFault(authority)
  if (fault !== undefined) throw wrong(fault)

  const href = `${secure ? 'https' : 'http'}://${rest}`
  if (!URL.canParse(href)) throw wrong('it is no host name')
  const url = new URL(href)
  // The dot of a fully qualified name belongs neither into the Host header nor into that of TLS.
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1)
  if (!STREAM_PATH.test(url.pathname)) {
    throw wrong(
      `its path ${maskTokens(JSON.stringify(url.pathname))} is not that of a stream: expected the base URL from Central's Streaming page, without a path`,
    )
  }
  if (url.search !== '' || url.hash !== '') {
    throw wrong('it has a query or a fragment: expected the base URL alone')
  }
  if (!secure && !isLoopback(url.hostname)) {
    throw wrong(
      'plain text would show the key to the network and is accepted for loopback hosts only',
    )
  }
  return { authority: url.host, secure }
}

/** Whether there is a scheme in place of the host: it was written twice, or lacks a colon or a slash. */
function isScheme(authority: string): boolean {
  return SCHEMES.has(authority.replace(/:$/, '').toLowerCase())
}

/** What keeps a text from being a host with or without a port; undefined where nothing does. */
function authorityFault(authority: string): string | undefined {
  const [variable] = VARIABLE.exec(authority) ?? []
  if (variable !== undefined) {
    return `${JSON.stringify(variable)} is a placeholder that was not replaced`
  }
  if (isIP(authority) === 6) return `an IPv6 address stands in brackets: write [${authority}]`
  const [character] = /[^\p{L}\p{N}\p{M}.:_[\]-]/u.exec(authority) ?? []
  if (character === ',' || character === ';') {
    return `it holds ${JSON.stringify(character)}: expected one host`
  }
  if (character !== undefined) return `it holds ${nameCharacter(character)}, which no host name has`
  const [, port = ''] = /^(?:\[.*\]|[^:]*):(.+)$/.exec(authority) ?? []
  if (port === '' || port.includes(':')) return undefined
  if (!/^\d+$/.test(port)) return `its port ${JSON.stringify(port)} is no number`
  return Number(port) >= 1 && Number(port) <= 65_535
    ? undefined
    : `its port ${port} is not between 1 and 65535`
}

/** `https://HOST/streaming/token/validate`, where a key is validated. */
export function validateUrl(host: Host): string {
  return `${host.secure ? 'https' : 'http'}://${host.authority}/streaming/token/validate`
}

/** Whether both are the same server, reached in the same way. */
export function isSameHost(a: Host, b: Host): boolean {
  return a.authority === b.authority && a.secure === b.secure
}

/** Whether a host name, or an address with or without brackets, is this machine. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true
  if (hostname === '::1' || hostname === '[::1]') return true
  return isIP(hostname) === 4 && hostname.startsWith('127.')
}

/**
 * The service that a host of Aruba's own domain belongs to. All bases of New Central that are known are
 * below `api`. Undefined for any other domain: there are private clusters and proxies.
 */
export function arubaServiceOf({ authority }: Host): 'classic' | 'newcentral' | undefined {
  const [, name] =
    /^([\w.-]+)\.central\.arubanetworks\.com(?:\.cn)?(?::\d+)?$/.exec(authority) ?? []
  if (name === undefined) return undefined
  return name.endsWith('.api') ? 'newcentral' : 'classic'
}
