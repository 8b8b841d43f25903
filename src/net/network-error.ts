import { errorText, type FailureCode, StreamError } from '../errors.js'

type Meaning = { readonly code: FailureCode; readonly says: string }

const MEND_TRUST =
  'if it is your own authority, name its certificate in NODE_EXTRA_CA_CERTS; for a test only, --no_valid_cert skips the verification'

const untrusted = (fault: string, advice: string): Meaning => ({
  code: 'certificate-untrusted',
  says: `its certificate ${fault}; ${advice}`,
})
const unreachable = (says: string): Meaning => ({ code: 'unreachable', says })

const UNKNOWN_AUTHORITY = untrusted('was issued by an authority that is not known here', MEND_TRUST)
const SELF_SIGNED = untrusted('is self-signed', MEND_TRUST)
const NO_TLS = unreachable(
  'it does not speak TLS on this port, or no version that is spoken here: check host and port',
)
const NO_ROUTE = unreachable('there is no way to it from this network')
const CUT = unreachable('it cut the connection')
const NO_FILES = unreachable('too many open files: raise `ulimit -n` (LimitNOFILE= under systemd)')
const NO_TCP = { code: 'timed-out', says: 'it did not answer in time' } as const

/** The codes of Node, OpenSSL and undici that say which fault it was. */
const MEANINGS = new Map<string, Meaning>(
  Object.entries({
    ENOTFOUND: unreachable('the name is not known to DNS: check how it is spelled'),
    EAI_AGAIN: unreachable('DNS gave no answer'),
    ECONNREFUSED: unreachable(
      'it refuses connections: check the port, and that a server runs there',
    ),
    EHOSTUNREACH: NO_ROUTE,
    ENETUNREACH: NO_ROUTE,
    EADDRNOTAVAIL: NO_ROUTE,
    ECONNRESET: CUT,
    EPIPE: CUT,
    UND_ERR_SOCKET: CUT,
    EMFILE: NO_FILES,
    ENFILE: NO_FILES,
    ETIMEDOUT: NO_TCP,
    UND_ERR_CONNECT_TIMEOUT: NO_TCP,
    UND_ERR_HEADERS_TIMEOUT: NO_TCP,
    UND_ERR_BODY_TIMEOUT: NO_TCP,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
    UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
    CERT_UNTRUSTED: UNKNOWN_AUTHORITY,
    SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
    DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
    CERT_HAS_EXPIRED: untrusted('has expired', 'it must be renewed there; check the clock here'),
    CERT_NOT_YET_VALID: untrusted('is not valid yet', 'check the clock here'),
    CERT_REVOKED: untrusted('was revoked', 'it must be replaced there'),
    ERR_TLS_CERT_ALTNAME_INVALID: untrusted(
      'is for another name',
      'check the host; a proxy or a captive portal may stand between',
    ),
    HOSTNAME_MISMATCH: untrusted('is for another name', 'check the host'),
    EPROTO: NO_TLS,
    ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
    ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
    ERR_SSL_UNSUPPORTED_PROTOCOL: NO_TLS,
    // llhttp's code for an answer that begins like no HTTP answer.
    HPE_INVALID_CONSTANT: { code: 'answer-invalid', says: 'its answer is not HTTP' },
  }),
)

/** What Node appends where a connection had no address on this side yet. */
const NO_ADDRESS = ' - Local (undefined:undefined)'

/** How far causes are followed: undici and Node nest two or three deep. */
const MAX_DEPTH = 8

/** Who it was that could not be reached, where that is not the server itself. */
export type NetworkErrorOptions = {
  /** The fault is the proxy's: the code becomes `proxy-failed`, the certificate's excepted. */
  readonly proxy?: boolean
}

/**
 * What a fault of DNS, TCP or TLS means, and what the user can do about it. Understands what Node,
 * `ws` and undici throw, with their causes and with the several faults of a host of several
 * addresses.
 * @param where the host, as the message shall name it
 * @returns `unreachable`, `timed-out`, `certificate-untrusted`, `answer-invalid` or `proxy-failed`
 */
export function networkError(
  error: unknown,
  where: string,
  { proxy = false }: NetworkErrorOptions = {},
): StreamError {
  if (error instanceof StreamError) return error
  const found = findCode(error, MAX_DEPTH)
  const meaning = found === undefined ? undefined : MEANINGS.get(found)
  const says = meaning
    ? `${meaning.says} (${found})`
    : // TLS alerts (ERR_SSL_*) and the rest explain themselves.
      `${errorText(error).replace(NO_ADDRESS, '')}${found === undefined ? '' : ` (${found})`}`
  const code = meaning?.code ?? certificateCode(found) ?? 'unreachable'
  const own = proxy && code !== 'certificate-untrusted' ? 'proxy-failed' : code
  // No cause: undici's hold bytes of the answer, which may be a key.
  return new StreamError(own, `cannot reach ${where}: ${says}`)
}

/** OpenSSL has more ways to distrust a certificate than are explained here. */
function certificateCode(code: string | undefined): FailureCode | undefined {
  return code !== undefined && /(^|_)CERT(_|$)|^CRL_/.test(code)
    ? 'certificate-untrusted'
    : undefined
}

/** The code that explains most: a known one, searched through causes and aggregated errors; else the first. */
function findCode(error: unknown, depth: number): string | undefined {
  if (!(error instanceof Error) || depth === 0) return undefined
  const own = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const inner = error instanceof AggregateError ? [...error.errors, error.cause] : [error.cause]
  const codes = inner.map((each) => findCode(each, depth - 1))
  return [own, ...codes].find((code) => code !== undefined && MEANINGS.has(code)) ?? own ?? codes[0]
}
