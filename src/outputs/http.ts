import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { ByteBudget } from '../delivery/byte-budget.js'
import { isolateRefused } from '../delivery/isolate-refused.js'
import { StreamError } from '../errors.js'
import { isTemporary, parseRetryAfter } from '../net/backoff.js'
import { isLoopback } from '../net/host.js'
import { type HttpAnswer, HttpClient } from '../net/http.js'
import { redactUrl, tokensInPath } from '../net/redact.js'
import { Secret } from '../secret.js'
import { numberForm, ROWS, readType, wordForm } from './export-type.js'
import { AUTHORIZATION, readHeaders } from './http-headers.js'
import type { Item, LineOutput, Output, OutputContext } from './output.js'
import { createRemoteQueue } from './remote.js'
import { asRows } from './rows.js'

const BATCH = { maxCount: 1_000, maxBytes: 1_048_576, maxAgeMs: 1_000 }
/** One batch on its way and the next two being filled. */
const BUDGET_BYTES = 3 * BATCH.maxBytes

const OPTIONS = {
  /** How many messages a batch holds at most. */
  batch: numberForm(1, 100_000),
  gzip: wordForm('on', 'off'),
  ...ROWS,
}

const compress = promisify(gzip)

/**
 * `http(s)://…[#batch=N,gzip=off,rows]`: batches of NDJSON by POST, one at a time so that order holds. A batch
 * is delivered when it was answered with 2xx. After 400, 413 and 422 it is halved, to find the message
 * that is refused; anything else is retried until it works. Whether the receiver is there shows with the
 * first batch: asking without sending data is not possible.
 * @throws StreamError `exporter-unusable` or `usage` where the TYPE, a header or the proxy is wrong
 */
export async function openHttp(type: string, context: OutputContext): Promise<Output> {
  const { target, options } = readType(type, OPTIONS)
  const gzipped = options.gzip !== 'off'
  const receiver = new HttpReceiver(target, context, gzipped)
  const queue = createRemoteQueue<Item>(context, {
    deliver: isolateRefused(async ({ lines }) => {
      const body = Buffer.concat(lines)
      // The fastest level: JSON shrinks well with any, and the stream should not wait for it.
      const level = constants.Z_BEST_SPEED
      await receiver.post(gzipped ? await compress(body, { level }) : body)
    }),
    batch: { ...BATCH, maxCount: options.batch ?? BATCH.maxCount },
    budget: new ByteBudget(BUDGET_BYTES),
  })
  const output: LineOutput = {
    needs: 'line',
    write: (messages) => queue.write(messages),
    async close() {
      await queue.close()
      await receiver.close()
    },
  }
  return options.rows ? asRows(output, context) : output
}

/** The whole of one request: a receiver may write a batch to a slow disk for a minute before it answers. */
const REQUEST_MS = 90_000
/** The receiver refuses what it was sent, and may take a part of it. */
const REFUSED: readonly number[] = [400, 413, 422]
/** No answer to a batch, though the receiver may give one to the next try. */
const SWITCHING = 101

/** Where batches are posted to. */
class HttpReceiver {
  /** Without what may be a token in path and query. */
  readonly name: string
  readonly #signal: AbortSignal
  readonly #headers: Readonly<Record<string, string>>
  readonly #secrets: readonly Secret[]
  readonly #client: HttpClient

  /**
   * @param gzipped whether bodies will be
   * @throws StreamError `exporter-unusable` where the URL is wrong, or the environment names headers or a
   *   proxy that cannot be used
   */
  constructor(target: string, context: OutputContext, gzipped: boolean) {
    const url = parseHttpTarget(target)
    const { headers, secrets, variables } = readHeaders(context.env)
    this.name = redactUrl(target)
    this.#signal = context.overdue
    this.#headers = {
      'Content-Type': 'application/x-ndjson',
      ...headers,
      ...(gzipped && { 'Content-Encoding': 'gzip' }),
    }
    this.#secrets = [...secrets, ...urlSecrets(url)]
    this.#client = createClient(url, this.name)
    if (url.protocol !== 'http:' || isLoopback(url.hostname)) return
    for (const name of variables) {
      context.log.warn(`${name} is sent in plain text; use https:// to keep it secret`)
    }
  }

  /**
   * Posts one batch.
   * @throws StreamError `export-failed` where the receiver refuses what is in it, else one that is retried
   */
  async post(body: Uint8Array): Promise<void> {
    try {
      const answer = await this.#client.request({
        method: 'POST',
        headers: this.#headers,
        secrets: this.#secrets,
        body,
        signal: this.#signal,
        timeoutMs: REQUEST_MS,
        late: `no answer within ${REQUEST_MS / 1000} s`,
      })
      this.#judge(answer)
    } catch (error) {
      if (error instanceof StreamError || !this.#signal.aborted) throw error
      throw new StreamError('timed-out', `${this.name}: given up`)
    }
  }

  async close(): Promise<void> {
    this.#client.close()
  }

  #judge({ status, headers, quote }: HttpAnswer): void {
    if (status >= 200 && status < 300) return
    const answered = `${this.name} answered ${status}${quote === '' ? '' : `: ${quote}`}`
    if (REFUSED.includes(status)) throw new StreamError('export-failed', answered, { status })
    const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now())
    const busy = status === SWITCHING || isTemporary(status)
    const advice = busy ? '' : adviceOn(status)
    const code = busy ? 'unavailable' : 'output-refused'
    throw new StreamError(code, `${answered}${advice}`, { status, retryAfterMs })
  }
}

/** @throws StreamError `exporter-unusable` or `usage`; a login is never quoted */
function parseHttpTarget(target: string): URL {
  let url: URL
  try {
    url = new URL(target)
  } catch {
    throw new StreamError(
      'exporter-unusable',
      `--export_data: expected a URL such as https://HOST:PORT/PATH; got ${JSON.stringify(redactUrl(target))}`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new StreamError(
      'exporter-unusable',
      `${url.origin}: no user or password in the URL, which everyone on this machine can read; ` +
        `set ${AUTHORIZATION} to the value of the Authorization header`,
    )
  }
  return url
}

/** What to do about an answer that only somebody can change. */
function adviceOn(status: number): string {
  if (status === 401 || status === 403) return `; check ${AUTHORIZATION}`
  return status >= 300 && status < 400 ? '; redirects are not followed' : '; check the URL'
}

/** Parts of a URL that must not be shown when the receiver quotes them. */
function urlSecrets(url: URL): Secret[] {
  // A shorter value may be any word, such as the name of an index.
  const values = [...url.searchParams.values()].filter((value) => value.length >= 8)
  return [url.search, ...values, ...tokensInPath(url)].map((each) => new Secret(each))
}

function createClient(url: URL, name: string): HttpClient {
  try {
    return new HttpClient({
      url,
      name,
      forwardPlain: true,
      keepAlive: true,
    })
  } catch (error) {
    if (!(error instanceof StreamError)) throw error
    throw new StreamError('exporter-unusable', `${name}: ${error.message}`)
  }
}
