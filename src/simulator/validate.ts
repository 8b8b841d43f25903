import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Answer, Request } from './faults.js'
import { readRequest } from './handshake.js'
import type { KeyBook } from './keys.js'

export const VALIDATE_PATH = '/streaming/token/validate'

/** One validation of a key, as it came and what became of it. */
export type Validation = Request & {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** What was answered; undefined while there is no answer, and after a stall, reset or hang-up. */
  status: number | undefined
}

/** Notes a validation down. */
export function readValidation(incoming: IncomingMessage, at: number): Validation {
  return { ...readRequest(incoming), at, headers: incoming.headers, status: undefined }
}

/** What Central answers: the key, its renewal, or a refusal. */
export function answerValidation(key: string | undefined, keys: KeyBook): Answer {
  const verdict = key === undefined ? { status: 401, token: undefined } : keys.validate(key)
  // What a refusal of Central looks like is not known.
  const body = verdict.token === undefined ? { message: 'Invalid token' } : { token: verdict.token }
  return {
    type: 'answer',
    status: verdict.status,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  }
}

/** Writes an answer to a plain HTTP request. */
export function answerRequest(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { 'Content-Type': 'text/plain', ...answer.headers })
  response.end(answer.body)
}
