import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type * as Jetstream from '@nats-io/jetstream'
import type * as Transport from '@nats-io/transport-node'
import { errorText, StreamError, systemFault } from '../errors.js'
import { backoffDelay } from '../net/backoff.js'
import { networkError } from '../net/network-error.js'
import { maskSecrets, redactUrl } from '../net/redact.js'
import { loadPackages } from '../packages.js'
import { Secret } from '../secret.js'
import { FLAG, readServers, textForm } from './export-type.js'
import type { OutputContext } from './output.js'

/** `nats://HOST:PORT,HOST:PORT/PREFIX?stream=NAME&tls`, read. */
export type NatsTarget = {
  /** `host:port` of each server. */
  readonly servers: readonly string[]
  /** First tokens of every subject. */
  readonly prefix: string
  /** The stream to make where it is not there; undefined: one must be there. */
  readonly stream: string | undefined
  /** Whether a server that does not speak TLS is refused. */
  readonly tls: boolean
  /** The target as messages name it. */
  readonly name: string
}

const OPTIONS = { stream: textForm(/^[\w-]+$/, 'letters, digits, "_" and "-"'), tls: FLAG }
const FORM = {
  expected: '--export_data: expected nats://HOST:4222/SUBJECT_PREFIX, several hosts with commas',
  login: 'NATS_CREDS, NATS_USER and NATS_PASSWORD, or NATS_TOKEN',
  defaultPort: 4222,
}

/** @throws StreamError `exporter-unusable` or `usage`; a login is never quoted */
export function parseNatsTarget(type: string): NatsTarget {
  const { servers, prefix, options } = readServers(type, OPTIONS, FORM)
  return {
    servers: servers.map(({ hostname, port }) => `${hostname}:${port}`),
    prefix,
    stream: options.stream,
    tls: options.tls ?? false,
    name: redactUrl(type),
  }
}

/** The two optional packages that speak NATS. */
export type NatsLibrary = {
  readonly transport: typeof Transport
  readonly jetstream: typeof Jetstream
}

const PACKAGES = ['@nats-io/transport-node', '@nats-io/jetstream'] as const
const CONNECT_MS = 10_000
/** Others must not read a file with credentials. */
const GROUP_AND_WORLD = 0o077
const PING_MS = 20_000 // two unanswered end a half-open connection within a minute

/**
 * Loads the NATS packages from the first place that has both.
 * @throws StreamError `exporter-unusable` with the command that installs them
 */
export async function loadNats(places: readonly string[]): Promise<NatsLibrary> {
  const [transport, jetstream] = await loadPackages({ type: 'nats://', names: PACKAGES }, places)
  return { transport: transport as typeof Transport, jetstream: jetstream as typeof Jetstream }
}

/**
 * Connects to the first of the servers that answers. A connection that is lost later is opened again,
 * without limit. Credentials come from `NATS_CREDS` (a file), else `NATS_USER` and `NATS_PASSWORD`, else
 * `NATS_TOKEN`.
 * @throws StreamError `exporter-unusable` where the login is wrong, else one that can be retried
 */
export async function connectNats(
  { transport }: NatsLibrary,
  { servers, tls, name }: Pick<NatsTarget, 'servers' | 'tls' | 'name'>,
  { env, cwd, random }: Pick<OutputContext, 'env' | 'cwd' | 'random'>,
): Promise<Transport.NatsConnection> {
  const credentials = await readCredentials(transport, env, cwd)
  try {
    return await transport.connect({
      ...credentials,
      // Else it is used where the server offers it, and whoever is in between can take the offer away.
      ...(tls && { tls: {} }),
      servers: [...servers],
      name: 'aruba-stream',
      timeout: CONNECT_MS,
      pingInterval: PING_MS,
      maxReconnectAttempts: -1,
      // Asked once for each try, without its number: the whole second keeps a server from being stormed.
      reconnectDelayHandler: () => backoffDelay(2, random),
      // A server that restarts may refuse logins until its accounts are loaded.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    })
  } catch (error) {
    if (error instanceof transport.AuthorizationError) {
      throw new StreamError('exporter-unusable', loginRefused(name))
    }
    const fault = networkError(error, name)
    throw new StreamError(fault.code, natsErrorText(fault, { env }))
  }
}

/** The variable with a secret that this connection has sent so that all can read it on the way, if any. */
export function sentInPlainText(
  connection: Transport.NatsConnection,
  { NATS_CREDS, NATS_USER, NATS_PASSWORD, NATS_TOKEN }: OutputContext['env'],
): string | undefined {
  const { transport } = (connection as unknown as WithInternals).protocol
  // Of a credentials file only a signature is sent.
  if (NATS_CREDS || transport.isEncrypted()) return undefined
  if (NATS_USER) return NATS_PASSWORD && 'NATS_PASSWORD'
  return NATS_TOKEN && 'NATS_TOKEN'
}

/** What the library has and does not describe. */
type WithInternals = {
  readonly protocol: { readonly transport: { isEncrypted(): boolean } }
}

export function loginRefused(name: string): string {
  return `${name} refused the login; set ${FORM.login}`
}

/** What library or server say of a failure; a server may quote the login that it got. */
export function natsErrorText(error: unknown, { env }: Pick<OutputContext, 'env'>): string {
  const { NATS_PASSWORD = '', NATS_TOKEN = '' } = env
  return maskSecrets(errorText(error), [new Secret(NATS_PASSWORD), new Secret(NATS_TOKEN)])
}

/** Whether the request got no answer: JetStream is off, or no stream takes the subject. */
export function isJetStreamMissing(error: unknown): boolean {
  // The library throws this class and does not export it.
  return error instanceof Error && error.name === 'JetStreamNotEnabled'
}

/** Warns where others can read the file with the login. */
export async function checkCredentials({ env, cwd, log }: OutputContext): Promise<void> {
  const { NATS_CREDS: file } = env
  const stats = file ? await stat(resolve(cwd, file)).catch(() => undefined) : undefined
  if (!stats?.isFile() || (stats.mode & GROUP_AND_WORLD) === 0) return
  log.warn(`NATS_CREDS: other users may read ${file}; run: chmod 600 ${file}`)
}

async function readCredentials(
  transport: typeof Transport,
  env: OutputContext['env'],
  cwd: string,
): Promise<Transport.ConnectionOptions> {
  const { NATS_CREDS: file, NATS_USER: user, NATS_PASSWORD: pass, NATS_TOKEN: token } = env
  if (file) {
    const creds = await readFile(resolve(cwd, file)).catch((error: NodeJS.ErrnoException) => {
      const fault = systemFault(error) ?? errorText(error)
      throw new StreamError('exporter-unusable', `NATS_CREDS: cannot read ${file}: ${fault}`)
    })
    const authenticator = transport.credsAuthenticator(creds)
    try {
      authenticator('')
    } catch {
      // Not passed along: the original may quote the file.
      throw new StreamError('exporter-unusable', `NATS_CREDS: ${file} holds no NATS credentials`)
    }
    return { authenticator }
  }
  if (user) return { user, ...(pass ? { pass } : {}) }
  return token ? { token } : {}
}
