import { StreamError } from '../errors.js'
import type { InputFile } from '../input/input-file.js'
import type { Logger } from '../log.js'
import { getOrMake } from '../maps.js'
import type { Host } from '../net/host.js'
import { createLimiter } from '../net/limiter.js'
import { quotePeer, redirectHost } from '../net/redact.js'
import type { Secret } from '../secret.js'
import type { Answer, Endpoint, Handshake, ResumePoint, Service } from '../service.js'
import { type KeySource, keyAge } from './entry-key.js'
import { KeyStore } from './keys.js'
import { createDecoders } from './record.js'
import { type ReplayOptions, resumeHeaders } from './resume.js'
import type { Topic } from './topics.js'
import { validateKey } from './validate-key.js'

type ClassicOptions = {
  /** Holds the keys, and gets those that Central has renewed. */
  readonly file: Pick<InputFile, 'keys' | 'noteKey' | 'save'>
  readonly userAgent: string
  readonly verifyCertificates: boolean
  readonly replay: ReplayOptions
  readonly protoDir: string | undefined
  readonly readable: boolean
  readonly log: Logger
}

/** Classic Central. */
export function createClassic(options: ClassicOptions): Service<Topic> {
  const { file, userAgent, verifyCertificates, replay, log } = options
  const keys = new KeyStore({
    validate: (host, key, signal) =>
      validateKey({ host, key, verifyCertificates, userAgent, signal }),
    // Not the one of the handshakes: a slow answer here must not hold up entries that are ready.
    limiter: createLimiter(),
    readKeys: () => file.keys(),
    onPasted: (name, key) => file.noteKey(name, key),
    saveKeys: (renewals) => file.save(renewals),
    log,
  })
  return {
    decoders: createDecoders(options),
    async endpoints(entries, signal) {
      const opened = await keys.open(entries, signal)
      return opened.map(({ entry, key }) => {
        const { refusal } = key
        return new ClassicEndpoint({ entry, key, refusal, userAgent, replay })
      })
    },
  }
}

export type EndpointOptions = {
  readonly entry: {
    readonly topic: Topic
    /** Header `UserName`; left out where undefined. */
    readonly username: string | undefined
    readonly host: Host
  }
  readonly key: KeySource
  /** Why validation has refused the key. The first handshake throws this, and does not offer the key. */
  readonly refusal?: StreamError | undefined
  readonly userAgent: string
  /** Where the stream is to begin. */
  readonly replay?: ReplayOptions | undefined
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** Most entries have the host of the command line, and share its URL. */
const URLS = new WeakMap<Host, URL>()

/** `wss://HOST/streaming/api`: the topic is in a header. */
function urlOf(host: Host): URL {
  const { authority, secure } = host
  const scheme = secure ? 'wss' : 'ws'
  return getOrMake(URLS, host, () => new URL(`${scheme}://${authority}/streaming/api`))
}

/** The endpoint of one topic of Classic Central. */
export class ClassicEndpoint implements Endpoint {
  readonly answersPings = true
  readonly #options: EndpointOptions
  readonly #url: URL
  #refusal: StreamError | undefined
  /** Whether the key was refused last, by validation or with 403: the file may have another one now. */
  #refused = false

  constructor(options: EndpointOptions) {
    this.#options = options
    this.#url = urlOf(options.entry.host)
    this.#refusal = options.refusal
  }

  get host(): Host {
    return this.#options.entry.host
  }

  async handshake(resume: ResumePoint | undefined, signal: AbortSignal): Promise<Handshake> {
    const { entry, key, userAgent, replay = {}, now = Date.now } = this.#options
    const { topic, username } = entry
    const refusal = this.#refusal
    if (refusal) {
      this.#refusal = undefined
      this.#refused = true
      throw refusal
    }
    if (this.#refused) await key.lookForPasted?.(signal)
    this.#refused = false
    const credential = key.current()
    const headers = {
      Authorization: credential.reveal(),
      Topic: topic,
      'User-Agent': userAgent,
      ...(username !== undefined && { UserName: username }),
      ...resumeHeaders(replay, resume, now()),
    }
    return { url: this.#url, headers, credential }
  }

  async renewCredential(refused: Secret, signal: AbortSignal): Promise<void> {
    await this.#options.key.afterUnauthorized(refused, signal)
  }

  refusal(answer: Answer): StreamError {
    this.#refused = answer.status === 403
    return refusalOf(answer, this.#options.entry.topic)
  }

  credentialAge(nowMs: number): number | undefined {
    return keyAge(this.#options.key.current(), nowMs)
  }

  close(): void {
    this.#options.key.close?.()
  }
}

/** Users have seen the answer 400 with `Unsubscribed Topic` for a topic that is not ticked. */
function refusalOf(answer: Answer, topic: string): StreamError {
  const { url, status, body, credential } = answer
  const line = quotePeer(body, [credential])
  const answered = `${url.host} answered ${status}${line && ` "${line}"`}`

  if (status === 401) {
    return new StreamError('unauthorized', `${answered}: it does not accept the key`, { status })
  }
  if (status === 400 && /^unsubscribed topic/i.test(line)) {
    return new StreamError(
      'topic-unsubscribed',
      `${answered}: tick the topic "${topic}" in Central under Organization > Platform Integration > Streaming`,
      { status },
    )
  }
  if (status >= 300 && status < 400) {
    return new StreamError(
      'redirected',
      `${answered} and redirects to ${redirectHost(answer, url, [credential])}; this is not followed, because the key would be sent there: compare the hostname with the one on Central's Streaming page`,
      { status },
    )
  }
  return new StreamError(
    'refused',
    `${answered}, expected 101: check that hostname, user name and topic are those of Central's Streaming page`,
    { status },
  )
}
