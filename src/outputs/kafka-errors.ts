import { errorText, StreamError } from '../errors.js'
import { networkError } from '../net/network-error.js'
import { quotePeer } from '../net/redact.js'
import type { KafkaLogin } from './kafka.js'
import { TOO_MUCH } from './remote.js'

/** What an error of the library or of a broker means. */
type KafkaFault = {
  readonly error: StreamError
  /** What is missing may be there in a moment. */
  readonly settling?: true
  /**
   * The same records can be sent again under the same numbers, and the broker keeps repeats out. After
   * any other error a new session must begin.
   */
  readonly sameSession?: true
}

/** Where the error came up. */
type KafkaPlace = {
  /** The output as messages name it. */
  readonly name: string
  /** `HOST:PORT` of each, as the tools of Kafka take them. */
  readonly brokers: string
  readonly topic: string | undefined
  readonly login: KafkaLogin | undefined
  /** Whether a connection has ever worked. */
  readonly worked: boolean
  /** Whether a connection was cut for what came on it. */
  readonly flooded: boolean
}

/** The library's errors, as far as they matter here. */
type LibraryError = Error & {
  readonly code?: unknown
  /** What a broker answered. */
  readonly apiId?: unknown
  readonly serverErrorMessage?: unknown
  readonly canRetry?: unknown
}

/** How far causes are followed. */
const MAX_DEPTH = 8
const TOO_LARGE: readonly unknown[] = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']
/** The kind of a login that is refused. */
const LOGIN = 'login'
const NOT_ALLOWED = /_AUTHORIZATION_FAILED$/
const SETTLING: readonly unknown[] = [
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
]

/** What an error of the library or of a broker means, and what to do about it. */
export function kafkaFault(thrown: unknown, place: KafkaPlace): KafkaFault {
  if (thrown instanceof StreamError) return { error: thrown, sameSession: true }
  const chain = [...causes(thrown)]
  const answer = chain.find(({ apiId }) => typeof apiId === 'string')
  if (chain.some(({ code }) => code === 'PLT_KFK_AUTHENTICATION')) {
    return { error: loginRefused(answer, place) }
  }
  if (answer) return answerFault(answer, place)
  if (/^Unknown topic /.test(errorText(thrown))) {
    return { error: topicMissing(place), settling: true, sameSession: true }
  }
  if (chain.some(({ message }) => /timed out/.test(message))) {
    return { error: new StreamError('timed-out', `${place.name}: no answer in time`) }
  }
  if (!chain.some(({ code }) => code === 'PLT_KFK_NETWORK')) {
    return { error: unavailable(place, errorText(thrown), 'library') }
  }
  if (place.flooded) {
    return { error: new StreamError('answer-invalid', `${place.name}: ${TOO_MUCH}`) }
  }
  const advice = ': check whether it wants TLS (kafkas://) or a login (KAFKA_USERNAME)'
  const closed = `${place.name} closed the connection${place.worked ? '' : advice}`
  const error = chain.some(isSystemError)
    ? networkError(thrown, place.name)
    : new StreamError('connection-lost', closed)
  return { error, sameSession: true }
}

export function isLoginRefused(error: StreamError): boolean {
  return codeOf(error.cause) === LOGIN
}

/** No broker leads a partition of the topic at present. */
export function noLeader(place: KafkaPlace): StreamError {
  return unavailable(place, 'a partition has no leader at present', 'LEADER_NOT_AVAILABLE')
}

function answerFault(answer: LibraryError, place: KafkaPlace): KafkaFault {
  const { apiId } = answer
  const said = `${answer.message}${quoted(answer, place)} (${apiId})`
  if (TOO_LARGE.includes(apiId)) {
    return { error: new StreamError('export-failed', `${where(place)}: ${said}`) }
  }
  const advice = NOT_ALLOWED.test(String(apiId)) ? '; the login needs the right to write there' : ''
  return {
    error: unavailable(place, `${said}${advice}`, String(apiId)),
    ...(SETTLING.includes(apiId) && { settling: true }),
    ...(answer.canRetry === true && { sameSession: true }),
  }
}

function loginRefused(answer: LibraryError | undefined, place: KafkaPlace): StreamError {
  const says = answer ? quoted(answer, place) || ` (${answer.apiId})` : ''
  return new StreamError(
    'output-refused',
    `${place.name} refused the login${says}; check KAFKA_SASL_MECHANISM, KAFKA_USERNAME and ` +
      'KAFKA_PASSWORD',
    { cause: kind(LOGIN) },
  )
}

function topicMissing(place: KafkaPlace): StreamError {
  const { topic, name, brokers } = place
  return new StreamError(
    'output-refused',
    `${name}: the topic ${topic} is not there, and the broker does not make it; make it with: ` +
      `kafka-topics.sh --bootstrap-server ${brokers} --create --topic ${topic}`,
    { cause: kind(`${topic}`) },
  )
}

function unavailable(place: KafkaPlace, why: string, code: string): StreamError {
  const cause = kind(`${code} ${place.topic}`)
  return new StreamError('unavailable', `${where(place)}: ${why}`, { cause })
}

function where({ name, topic }: KafkaPlace): string {
  return topic === undefined ? name : `${name}: the topic ${topic}`
}

/** Each kind of trouble is logged once; the retry log knows it by this code. */
function kind(code: string): Error {
  return Object.assign(new Error(code), { code })
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}

/** What the broker says beside its code, without the login. */
function quoted({ serverErrorMessage }: LibraryError, { login }: KafkaPlace): string {
  if (typeof serverErrorMessage !== 'string' || serverErrorMessage === '') return ''
  return `: ${quotePeer(serverErrorMessage, login ? [login.password] : [])}`
}

/** An error and all that caused it. */
function* causes(thrown: unknown, depth = MAX_DEPTH): Generator<LibraryError> {
  if (!(thrown instanceof Error) || depth === 0) return
  yield thrown
  const inner: unknown[] = thrown instanceof AggregateError ? thrown.errors : []
  for (const each of [...inner, thrown.cause]) yield* causes(each, depth - 1)
}

function isSystemError({ code }: LibraryError): boolean {
  return typeof code === 'string' && !code.startsWith('PLT_KFK_')
}
