import { StreamError } from '../errors.js'
import { redactUrl } from '../net/redact.js'
import { readType, textForm } from './type-options.js'

/** `nats://HOST:PORT,HOST:PORT/PREFIX?stream=NAME`, read. */
export type NatsTarget = {
  /** `host:port` of each server. */
  readonly servers: readonly string[]
  /** First tokens of every subject. */
  readonly prefix: string
  /** The stream to make where it is not there; undefined: one must be there. */
  readonly stream: string | undefined
}

const EXPECTED =
  '--export_data: expected nats://HOST:4222/SUBJECT_PREFIX, several hosts with commas'
const DEFAULT_PORT = '4222'
const OPTIONS = { stream: textForm(/^[\w-]+$/, 'letters, digits, "_" and "-"') }

/** @throws StreamError `exporter-unusable` or `usage`; a login is never quoted */
export function parseNatsTarget(type: string): NatsTarget {
  if (type.includes('@')) {
    throw new StreamError(
      'exporter-unusable',
      `${EXPECTED}; no user or password in the URL, which every user of this machine can read; ` +
        'set NATS_CREDS, NATS_USER and NATS_PASSWORD, or NATS_TOKEN',
    )
  }
  const { target, options } = readType(type, OPTIONS)
  const wrong = (why: string) =>
    new StreamError(
      'exporter-unusable',
      `${EXPECTED}; got ${JSON.stringify(redactUrl(target))} (${why})`,
    )
  const [, hosts = '', prefix = ''] = /^nats:\/\/([^/#]*)\/?([^#]*)$/.exec(target) ?? []

  const servers = hosts.split(',').map((host) => {
    try {
      const url = new URL(`nats://${host}`)
      if (url.hostname !== '') return `${url.hostname}:${url.port || DEFAULT_PORT}`
    } catch {}
    throw wrong(host === '' ? 'a host is missing' : `"${host}" is no host`)
  })
  if (!/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(prefix)) {
    throw wrong('the prefix is words of letters, digits, "_" and "-" with dots between them')
  }
  return { servers, prefix, stream: options.stream }
}
