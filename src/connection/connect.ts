import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { type Clock, onAbort, type Timer } from '../clock.js'
import { StreamError } from '../errors.js'
import { readBody } from '../net/http.js'
import { quotePeer } from '../net/redact.js'
import type { Endpoint } from '../service.js'
import { OpeningSocket, type OpenOptions } from './handshake.js'
import { answerPings, Heartbeat, LATE_MS } from './heartbeat.js'

/** DNS, TCP, proxy, TLS and the answer to the upgrade, all together. */
const HANDSHAKE_MS = 10_000
/** How long the server may take to answer a close frame, and to end TCP after that. */
const CLOSE_MS = 1000
/** The same for a connection that another one has replaced: nothing waits for its end. */
const REPLACED_CLOSE_MS = 10_000
/** How long a connection is idle before TCP asks whether the peer is there. */
const KEEP_ALIVE_MS = 30_000

/** `ws` reports this where no close frame came. */
const ABNORMAL = 1006

/** An open connection, whose reading can be paused and resumed. */
export type Connection = {
  /** Stops reading. Frames that the last read of the socket held still come. */
  pause(): void
  resume(): void
  /** Closes one that another has replaced. What the server still has to send is read. */
  replaced(): void
}

export type ConnectOptions = OpenOptions & {
  readonly endpoint: Pick<Endpoint, 'answersPings' | 'refusal'>
  readonly clock: Clock
  /**
   * Ends a handshake at once. Closes an open connection with code 1000: frames that come before the
   * server's close frame are still read, and reading can still be paused.
   */
  readonly signal: AbortSignal
  /** Cuts a connection that is still open then. */
  readonly graceOver?: AbortSignal | undefined
  /** Called before the first frame. */
  readonly onOpen: (connection: Connection) => void
  readonly onFrame: (bytes: Uint8Array, text: boolean) => void
}

/**
 * The life of one WebSocket, from the handshake to its end.
 * @returns why it ended, once its socket is gone. The code of a close frame is in `status`.
 * @throws StreamError where no handshake could begin: see {@link OpeningSocket}
 */
export function connect(options: ConnectOptions): Promise<StreamError> {
  return new Promise((resolve) => new SocketLife(options, resolve))
}

class SocketLife implements Connection {
  readonly #options: ConnectOptions
  readonly #opening: OpeningSocket
  readonly #socket: WebSocket
  #cause: StreamError | undefined
  /** Set when the connection is open. */
  #heartbeat: Heartbeat | undefined
  #networkCode: string | undefined
  /** Waits for the handshake, later for the end of the closing handshake. */
  #timer: Timer | undefined
  /** Once it is to be closed: `reading` what has arrived, then `closing` with a close frame. */
  #ending: 'reading' | 'closing' | undefined
  /** How much time the server has left to answer our close frame. */
  #closeMs = CLOSE_MS
  #timerAtMs = 0
  #frames = 0

  constructor(options: ConnectOptions, done: (why: StreamError) => void) {
    const opening = new OpeningSocket(options)
    this.#options = options
    this.#opening = opening
    const { socket } = opening
    this.#socket = socket
    const { endpoint, clock, onFrame } = options
    let late = () => this.#end(opening.timedOut(HANDSHAKE_MS))
    this.#startTimer(HANDSHAKE_MS, () => late())

    socket.on('unexpected-response', (_request, response) => {
      late = readBody(response, ({ bytes }) => {
        const body = bytes.toString()
        this.#end(opening.refused(response, body, clock.now(), (each) => endpoint.refusal(each)))
      })
      // A 101 that opens nothing has no body, and no end either.
      if (response.statusCode === 101) late()
    })
    socket.on('upgrade', ({ socket: stream }) => this.#watch(stream))
    socket.on('open', () => this.#open())
    socket.on('message', (data, isBinary) => {
      this.#frames++
      this.#heartbeat?.alive()
      onFrame(data as Buffer, !isBinary)
    })
    socket.on('ping', answerPings(socket))
    socket.on('ping', () => this.#heartbeat?.alive())
    socket.on('pong', () => this.#heartbeat?.pong())
    socket.on('error', (error) => {
      this.#cause ??= this.#heartbeat ? this.#protocolError(error) : opening.failed(error)
    })
    socket.on('close', (code, reason) => {
      clock.clearTimeout(this.#timer)
      this.#heartbeat?.stop()
      options.signal.removeEventListener('abort', this.#stop)
      options.graceOver?.removeEventListener('abort', this.#cut)
      done(this.#cause ?? this.#lost(code, reason.toString()))
    })
    onAbort(options.signal, this.#stop)
    if (options.graceOver) onAbort(options.graceOver, this.#cut)
  }

  #watch(stream: Socket): void {
    // Notices a peer that has vanished where pings do not.
    if (!this.#options.endpoint.answersPings) stream.setKeepAlive(true, KEEP_ALIVE_MS)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#networkCode = error.code
    })
    // Close frames were exchanged, or the protocol was broken. The server has a second to end TCP.
    stream.on('finish', () => this.#startTimer(CLOSE_MS, this.#cut))
  }

  #open(): void {
    const { endpoint, clock, onOpen } = this.#options
    clock.clearTimeout(this.#timer)
    this.#timer = undefined // Frees it: a connection is open for days.
    this.#heartbeat = new Heartbeat({
      clock,
      answersPings: endpoint.answersPings,
      ping: () => this.#socket.ping(),
      silent: () =>
        this.#end(
          new StreamError(
            'connection-silent',
            `neither frame nor pong from ${this.#host} for 60 s`,
          ),
        ),
    })
    onOpen(this)
  }

  get #host(): string {
    return this.#options.handshake.url.host
  }

  pause(): void {
    const { readyState, OPEN } = this.#socket
    // After the server's close frame no frames follow. Reading goes on, to notice the end.
    if (this.#socket.isPaused || (readyState !== OPEN && !this.#ending)) return
    this.#heartbeat?.pause()
    this.#socket.pause()
    if (this.#ending !== 'closing') return
    // The server's answer may be among what is not read yet, so the pause does not count.
    this.#options.clock.clearTimeout(this.#timer)
    this.#closeMs -= this.#options.clock.elapsed() - this.#timerAtMs
  }

  resume(): void {
    if (!this.#socket.isPaused) return
    this.#heartbeat?.resume()
    this.#socket.resume()
    if (this.#ending === 'closing') this.#startTimer(this.#closeMs, this.#cut)
    else if (this.#ending === 'reading') this.#closeWhenRead()
  }

  readonly #cut = () => this.#opening.cut()

  replaced(): void {
    this.#closeMs = REPLACED_CLOSE_MS
    this.#close()
  }

  readonly #stop = () => {
    this.#closeMs = Math.min(this.#closeMs, CLOSE_MS)
    if (this.#ending !== 'closing' || this.#socket.isPaused) this.#close()
    else this.#startTimer(this.#closeMs, this.#cut)
  }

  #close(): void {
    if (this.#ending) return
    if (this.#socket.readyState === this.#socket.CONNECTING) {
      this.#end(new StreamError('connection-lost', `the handshake with ${this.#host} was given up`))
      return
    }
    this.#heartbeat?.stop()
    this.#ending = 'reading'
    const { clock } = this.#options
    if (this.#socket.isPaused) this.#timer = clock.setTimeout(() => this.#sendClose(), CLOSE_MS)
    else this.#sendClose()
  }

  /**
   * Closes when all that has arrived is read. Not before: if the server reset the connection during the
   * pause, a close frame makes Node drop the rest.
   */
  #closeWhenRead(): void {
    const frames = this.#frames
    // Between two calls of `setImmediate` the event loop reads what has arrived.
    setImmediate(setImmediate, () => {
      if (this.#ending !== 'reading' || this.#socket.isPaused) return
      if (this.#frames === frames) this.#sendClose()
      else this.#closeWhenRead()
    })
  }

  #sendClose(): void {
    this.#ending = 'closing'
    this.#options.clock.clearTimeout(this.#timer)
    this.#socket.close(1000)
    if (!this.#socket.isPaused) this.#startTimer(this.#closeMs, this.#cut)
  }

  #startTimer(ms: number, work: () => void): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    this.#timerAtMs = clock.elapsed()
    // Where the process was stopped, what the server has sent meanwhile is not read yet.
    const isLate = () => clock.elapsed() - this.#timerAtMs - ms > LATE_MS
    this.#timer = clock.setTimeout(() => (isLate() ? this.#startTimer(ms, work) : work()), ms)
  }

  #end(why: StreamError): void {
    this.#cause ??= why
    this.#opening.cut()
  }

  #lost(code: number, reason: string): StreamError {
    const line = quotePeer(reason, [this.#options.handshake.credential])
    const network = this.#networkCode === undefined ? '' : ` (${this.#networkCode})`
    const message =
      code === ABNORMAL
        ? `the connection to ${this.#host} broke off without a close frame${network}`
        : `${this.#host} closed the connection with code ${code}${line && ` "${line}"`}`
    return new StreamError('connection-lost', message, { status: code })
  }

  /** What `ws` says of a peer that broke the protocol; its messages quote no content. */
  #protocolError(error: Error): StreamError {
    if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      return new StreamError(
        'frame-too-large',
        `${this.#host} sent a frame over 64 MiB, the most that is accepted`,
        { status: 1009 },
      )
    }
    return new StreamError('connection-lost', `${this.#host} broke the protocol: ${error.message}`)
  }
}
