import { StreamError } from '../errors.js'
import { redactUrl } from '../net/redact.js'
import { Secret } from '../secret.js'
import { readType } from './export-type.js'

export type KafkaServer = { readonly host: string; readonly port: number }

/** `kafka://HOST:9092[,HOST…]/PREFIX`, read. */
export type KafkaTarget = {
  /** Brokers that are asked for the others. */
  readonly servers: readonly KafkaServer[]
  /** Stands before every topic. */
  readonly prefix: string
  readonly tls: boolean
  /** The brokers as messages name them. */
  readonly name: string
}

export type KafkaLogin = {
  readonly mechanism: (typeof MECHANISMS)[number]
  readonly username: string
  readonly password: Secret
}

const EXPECTED =
  '--export_data: expected kafka://HOST:9092/TOPIC_PREFIX, or kafkas:// for TLS, several hosts with commas'
const DEFAULT_PORT = 9092
/** Kafka allows 249 characters for a topic; `.` and the longest topic of Central stand behind. */
const MAX_PREFIX = 200
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** @throws StreamError `exporter-unusable` or `usage`; a login is never quoted */
export function parseKafkaTarget(type: string): KafkaTarget {
  if (type.includes('@')) {
    throw new StreamError(
      'exporter-unusable',
      `${EXPECTED}; no user or password in the URL, which every user of this machine can read; ` +
        'set KAFKA_USERNAME and KAFKA_PASSWORD',
    )
  }
  const { target } = readType(type, {})
  const wrong = (why: string) =>
    new StreamError(
      'exporter-unusable',
      `${EXPECTED}; got ${JSON.stringify(redactUrl(target))} (${why})`,
    )
  const [, scheme = '', hosts = '', prefix = ''] =
    /^(kafkas?):\/\/([^/#]*)\/?([^#]*)$/s.exec(target) ?? []

  const urls = hosts.split(',').map((host) => {
    try {
      const url = new URL(`kafka://${host}`)
      if (url.hostname !== '' && url.port !== '0') return url
    } catch {}
    throw wrong(host === '' ? 'a host is missing' : `"${host}" is no host`)
  })
  if (!/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(prefix)) {
    throw wrong('the prefix is words of letters, digits, "_" and "-" with dots between them')
  }
  if (prefix.length > MAX_PREFIX) throw wrong(`the prefix has more than ${MAX_PREFIX} characters`)
  const servers = urls.map(({ hostname, port }) => ({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || DEFAULT_PORT),
  }))
  const name = `${scheme}://${urls.map(({ hostname, port }) => `${hostname}:${port || DEFAULT_PORT}`)}`
  return { servers, prefix, tls: scheme === 'kafkas', name }
}

/**
 * The login that the environment holds, if any.
 * @throws StreamError `exporter-unusable` where it is incomplete
 */
export function readKafkaLogin(
  env: Readonly<Record<string, string | undefined>>,
): KafkaLogin | undefined {
  const {
    KAFKA_SASL_MECHANISM: given = '',
    KAFKA_USERNAME: username = '',
    KAFKA_PASSWORD: password = '',
  } = env
  if (given === '' && username === '' && password === '') return undefined
  const mechanism = MECHANISMS.find((each) => each === (given.toUpperCase() || 'PLAIN'))
  if (mechanism === undefined) {
    // Not quoted: somebody may have set the password there.
    throw new StreamError(
      'exporter-unusable',
      `KAFKA_SASL_MECHANISM: expected one of ${MECHANISMS.join(', ')}`,
    )
  }
  const missing = username === '' ? 'KAFKA_USERNAME' : password === '' ? 'KAFKA_PASSWORD' : ''
  if (missing !== '') {
    throw new StreamError(
      'exporter-unusable',
      `${missing} is not set: a login needs KAFKA_USERNAME and KAFKA_PASSWORD`,
    )
  }
  return { mechanism, username, password: new Secret(password) }
}
