import type { PeerCertificate } from 'node:tls'
import { errorText, type FailureCode, StreamError } from '../errors.js'
import { printable } from '../text.js'
import { isLoopback } from './host.js'
import { quoteNames } from './redact.js'

type Meaning = { readonly code: FailureCode; readonly says: string }

const TRUST_ADVICE = 'if it is your own authority, name its certificate in NODE_EXTRA_CA_CERTS'
const SKIP_ADVICE = '; for a test only, --no_valid_cert skips the verification'

const untrusted = (fault: string, advice: string): Meaning => ({
  code: 'certificate-untrusted',
  says: `its certificate ${fault}; ${advice}`,
})
const unreachable = (says: string): Meaning => ({ code: 'unreachable', says })

const UNKNOWN_AUTHORITY = untrusted(
  'was issued by an authority that is not known here',
  TRUST_ADVICE,
)
const SELF_SIGNED = untrusted('is self-signed', TRUST_ADVICE)
const NO_TLS = unreachable(
  'it does not speak TLS on this port, or no version that is known here: check host and port',
)
const NO_ROUTE = unreachable('there is no route to it from this network')
const FORBIDDEN = unreachable('this machine does not allow the connection: check its firewall')
const CUT = unreachable('it cut the connection')
const NO_FILES = unreachable('too many open files: raise `ulimit -n` (LimitNOFILE= under systemd)')
const NO_TCP = { code: 'timed-out', says: 'it did not answer in time' } as const

/** What every other fault of Node's HTTP parser means. */
const NO_HTTP = { code: 'answer-invalid', says: 'its answer is not valid HTTP' } as const

/** The codes of Node and OpenSSL that say which fault it was. */
const MEANINGS = new Map<string, Meaning>(
  Object.entries({
    ENOTFOUND: unreachable('the name is not known to DNS: check how it is spelled'),
    EAI_AGAIN: unreachable('DNS gave no answer'),
    ECONNREFUSED: unreachable(
      'it refuses connections: check the port, and that a server runs there',
    ),
    EHOSTUNREACH: NO_ROUTE,
    ENETUNREACH: NO_ROUTE,
    ENETDOWN: NO_ROUTE,
    EADDRNOTAVAIL: NO_ROUTE,
    EACCES: FORBIDDEN,
    EPERM: FORBIDDEN,
    ECONNRESET: CUT,
    ECONNABORTED: CUT,
    EPIPE: CUT,
    EMFILE: NO_FILES,
    ENFILE: NO_FILES,
    ETIMEDOUT: NO_TCP,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
    UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
    CERT_UNTRUSTED: UNKNOWN_AUTHORITY,
    SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
    DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
    CERT_HAS_EXPIRED: untrusted('has expired', 'it must be renewed there; check the clock here'),
    CERT_NOT_YET_VALID: untrusted('is not valid yet', 'check the clock here'),
    CERT_REVOKED: untrusted('was revoked', 'it must be replaced there'),
    HOSTNAME_MISMATCH: untrusted('is for another name', 'check the host'),
    EPROTO: NO_TLS,
    ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
    ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
    ERR_SSL_UNSUPPORTED_PROTOCOL: NO_TLS,
    HPE_HEADER_OVERFLOW: { code: 'answer-invalid', says: 'the header of its answer is too long' },
  }),
)

/** What Node appends where a connection had no address on this side yet. */
const NO_ADDRESS = ' - Local (undefined:undefined)'

/** How far causes are followed: Node and libraries nest two or three deep. */
const MAX_DEPTH = 8

/** What could not be reached, where that is not the server itself, and how it was asked. */
type NetworkErrorOptions = {
  /** The fault is the proxy's: the code becomes `proxy-failed`, the certificate's excepted. */
  readonly proxy?: boolean
  /** Whether `--no_valid_cert` holds for the connection, as it does for those to Central alone. */
  readonly canSkip?: boolean
}

/**
 * What a fault of DNS, TCP, TLS or HTTP means, and what the user can do about it. Understands what Node
 * and libraries on it throw, with their causes and with the faults of each address of a host.
 * @param where the host, as the message names it
 * @returns `unreachable`, `timed-out`, `certificate-untrusted`, `answer-invalid` or `proxy-failed`
 */
export function networkError(
  error: unknown,
  where: string,
  { proxy = false, canSkip = false }: NetworkErrorOptions = {},
): StreamError {
  if (error instanceof StreamError) return error
  const fault = findFault(error, MAX_DEPTH)
  const meaning = fault && meaningOf(fault)
  const says = meaning?.says ?? rawText(fault ?? error)
  const code = meaning?.code ?? 'unreachable'
  // The only hosts that plain text is accepted for.
  const isPlain = meaning === NO_TLS && !proxy && isLoopback(where.replace(/:\d+$/, ''))
  const isUnknown = meaning === UNKNOWN_AUTHORITY || meaning === SELF_SIGNED
  const plainHint = isPlain ? `; if it speaks plain text, write http://${where}` : ''
  const hint = isUnknown && canSkip ? SKIP_ADVICE : plainHint
  const own = proxy && code !== 'certificate-untrusted' ? 'proxy-failed' : code
  // No cause: it may hold bytes of the answer, which may be a key.
  return new StreamError(
    own,
    `cannot reach ${where}: ${says}${hint}${fault === undefined ? '' : ` (${fault.code})`}`,
  )
}

type Fault = Error & { readonly code: string }

function meaningOf(fault: Fault): Meaning | undefined {
  const { code } = fault
  const known = MEANINGS.get(code)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return otherName(fault)
  if (known) return known
  if (code.startsWith('HPE_')) return NO_HTTP
  // OpenSSL has more ways to distrust a certificate than are explained here.
  return /(^|_)CERT(_|$)|^CRL_/.test(code)
    ? { code: 'certificate-untrusted', says: rawText(fault) }
    : undefined
}

/** The names of a certificate that is not for the host that was asked. */
function otherName(fault: Fault): Meaning {
  const { cert } = fault as Fault & { readonly cert?: Partial<PeerCertificate> }
  const names = (cert?.subjectaltname ?? '')
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address|URI):/, ''))
    .filter((name) => name !== '')
  const common = [cert?.subject?.CN ?? []].flat()
  const known = names.length > 0 ? names : common
  return untrusted(
    known.length > 0 ? `is for another name (${quoteNames(known)})` : 'is for another name',
    'check the host; a proxy or a captive portal may be in between',
  )
}

/** What an error says of itself: the reason of a TLS alert without OpenSSL's file and line. */
function rawText(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') {
    return `the TLS handshake failed: ${printable(error.reason, 200)}`
  }
  return errorText(error).replace(NO_ADDRESS, '')
}

/** The fault that explains most: a known one, searched through causes and aggregated errors; else the first. */
function findFault(error: unknown, depth: number): Fault | undefined {
  if (!(error instanceof Error) || depth === 0) return undefined
  const inner = error instanceof AggregateError ? [...error.errors, error.cause] : [error.cause]
  const faults = [error, ...inner.map((each) => findFault(each, depth - 1))].filter(isFault)
  return faults.find(({ code }) => MEANINGS.has(code)) ?? faults[0]
}

function isFault(error: Error | undefined): error is Fault {
  return error !== undefined && 'code' in error && typeof error.code === 'string'
}
