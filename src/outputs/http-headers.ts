import { StreamError } from '../errors.js'
import { headerFault } from '../net/http.js'
import { Secret } from '../secret.js'
import type { OutputContext } from './output.js'

/** The environment variable with the value of an Authorization header. */
export const AUTHORIZATION = 'ARUBA_STREAM_HTTP_AUTHORIZATION'
/** The environment variable with other headers, a line each. */
const HEADERS = 'ARUBA_STREAM_HTTP_HEADERS'

/** A field name of RFC 9110, 5.1. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/
/** They describe the body and the connection, which the program alone knows. */
const OWN: readonly string[] = [
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'transfer-encoding',
  'upgrade',
]
/** A shorter value may be any word, such as the name of an index. */
const MIN_SECRET = 8

/** What a receiver gets with each request, as the environment says. */
type ReceiverHeaders = {
  readonly headers: Readonly<Record<string, string>>
  /** What of it must not be shown when the receiver quotes it. */
  readonly secrets: readonly Secret[]
  /** The variables that are set. */
  readonly variables: readonly string[]
}

/** @throws StreamError `exporter-unusable` where a header cannot be sent; its value is never quoted */
export function readHeaders(env: OutputContext['env']): ReceiverHeaders {
  const headers = new Map<string, [name: string, value: string]>()
  for (const [name, value] of headerLines(env[HEADERS] ?? '')) {
    if (headers.has(name.toLowerCase())) throw unusable(`${HEADERS} has the header ${name} twice`)
    headers.set(name.toLowerCase(), [name, value])
  }
  const authorization = env[AUTHORIZATION] ?? ''
  if (authorization !== '') {
    if (headers.has('authorization')) {
      throw unusable(`${HEADERS} has the header Authorization, and ${AUTHORIZATION} is set, too`)
    }
    const fault = headerFault(authorization)
    if (fault !== undefined) throw cannotCarry(AUTHORIZATION, fault)
    headers.set('authorization', ['Authorization', authorization])
  }
  return {
    headers: Object.fromEntries(headers.values()),
    secrets: Array.from(headers.values(), ([, value]) => secretParts(value)).flat(),
    variables: [HEADERS, AUTHORIZATION].filter((name) => env[name]),
  }
}

function headerLines(text: string): [name: string, value: string][] {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  return lines.flatMap((line, at): [string, string][] => {
    if (line === '') return []
    const [, name = '', value = ''] = /^([^:]*):(.*)$/s.exec(line) ?? []
    // Not quoted: without its colon, the line may be a token alone.
    if (!NAME.test(name))
      throw unusable(`${HEADERS}: expected lines of Name: value; line ${at + 1} is none`)
    if (OWN.includes(name.toLowerCase()))
      throw unusable(`${HEADERS}: the program itself sets ${name}`)
    const fault = headerFault(value.trim())
    if (fault !== undefined) throw cannotCarry(`${HEADERS}: ${name}`, fault)
    return [[name, value.trim()]]
  })
}

/** A value, whole and in parts. */
function secretParts(value: string): Secret[] {
  const [scheme = '', ...rest] = value.split(' ')
  const credentials = rest.join(' ')
  const login =
    scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString() : ''
  const password = login.slice(login.indexOf(':') + 1)
  const whole = value.length >= MIN_SECRET ? value : ''
  return [whole, credentials, login, password].map((each) => new Secret(each))
}

function cannotCarry(what: string, fault: string): StreamError {
  return unusable(`${what} holds ${fault}, which an HTTP header cannot carry`)
}

function unusable(message: string): StreamError {
  return new StreamError('exporter-unusable', message)
}
