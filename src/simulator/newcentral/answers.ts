import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from '../faults.js'
import type { PlainRequest } from '../service.js'
import type { NewCentralSettings } from '../settings.js'

const ERROR_CODES: Readonly<Record<number, string>> = {
  400: 'HPE_GL_ERROR_BAD_REQUEST',
  401: 'HPE_GL_ERROR_UNAUTHORIZED',
  403: 'HPE_GL_ERROR_FORBIDDEN',
  404: 'HPE_GL_ERROR_NOT_FOUND',
  429: 'HPE_GL_ERROR_TOO_MANY_REQUESTS',
}

/** The refusal of a handshake. It is not known what Central's look like. */
export function refusal(
  status: number,
  message: string,
  { error_body, retry_after }: NewCentralSettings,
): Answer {
  const isLimit = status === 429 && retry_after > 0
  const headers = isLimit ? { 'Retry-After': String(retry_after) } : {}
  if (error_body === 'empty') return { type: 'answer', status, headers }
  if (error_body === 'text') return { type: 'answer', status, headers, body: `${message}\n` }
  const errorCode = ERROR_CODES[status] ?? 'HPE_GL_ERROR_INTERNAL'
  const debugId = '00000000000000000000000000000000'
  return {
    type: 'answer',
    status,
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ httpStatusCode: status, errorCode, message, debugId }),
  }
}

const DESCRIPTIONS = {
  invalid_client: 'Invalid client or client credentials.',
  invalid_request: 'The request is not a form with grant_type.',
  unsupported_grant_type: 'The grant type is not supported.',
  slow_down: 'Too many requests.',
} as const

const STATUSES: Readonly<Record<keyof typeof DESCRIPTIONS, number>> = {
  invalid_client: 401,
  invalid_request: 400,
  unsupported_grant_type: 400,
  slow_down: 429,
}

/** An error of the token endpoint, as OAuth2 (RFC 6749, 5.2) has it. */
export function tokenError(
  error: keyof typeof DESCRIPTIONS,
  { retry_after }: Pick<NewCentralSettings, 'retry_after'>,
): Answer {
  const isLimit = error === 'slow_down' && retry_after > 0
  return tokenAnswer(
    STATUSES[error],
    { error, error_description: DESCRIPTIONS[error] },
    {
      ...(isLimit && { 'Retry-After': String(retry_after) }),
      ...(error === 'invalid_client' && { 'WWW-Authenticate': 'Basic realm="token"' }),
    },
  )
}

/** A JSON answer that no cache may keep. */
export function tokenAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const fixed = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  return { type: 'answer', status, headers: { ...fixed, ...headers }, body: JSON.stringify(body) }
}

/** What a request for a token holds. */
type Credentials = {
  readonly id: string
  readonly secret: string
  readonly from: 'form' | 'basic'
}

/**
 * Client id and secret: from the header, where that has them, else from the form. RFC 6749 has those
 * in the header encoded as in a form, but most clients send them as they are: both can be meant.
 */
export function credentials({ headers, body }: PlainRequest): readonly Credentials[] {
  const [, encoded] = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '') ?? []
  if (encoded !== undefined) {
    const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
    if (id === undefined || secret === undefined) return []
    return [
      { id, secret, from: 'basic' },
      { id: decoded(id), secret: decoded(secret), from: 'basic' },
    ]
  }
  const form = new URLSearchParams(body)
  const [id, secret] = [form.get('client_id'), form.get('client_secret')]
  return id !== null && secret !== null ? [{ id, secret, from: 'form' }] : []
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** The token of a handshake; undefined without the word `Bearer`. */
export function bearer({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  const [, token] = /^Bearer\s+(\S+)$/i.exec(authorization) ?? []
  return token
}
