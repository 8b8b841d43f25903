import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Identity } from './faults.js'
import type { CentralRequest } from './service.js'

/** A sender waits once this many bytes wait in this process for a slow reader. */
const BUFFER_BYTES = 1024 * 1024
/** After this many frames the event loop gets a turn, even if the kernel takes them all at once. */
const TURN_FRAMES = 256

/** A WebSocket that can leave the client's close frame unanswered. */
export class ServerWebSocket extends WebSocket {
  answerClose = true

  override close(code?: number, reason?: string | Buffer): void {
    // `ws` calls this to answer the client's close frame.
    if (this.answerClose) super.close(code, reason)
  }
}

/** What a socket is made of; without TLS, `tcp` is `stream` itself. */
type SocketLayers = {
  readonly ws: ServerWebSocket
  readonly stream: Socket
  readonly tcp: Socket
}

/** One open subscription. */
export class CentralSocket implements Identity {
  readonly topic: string
  readonly key: string
  readonly username: string | undefined
  readonly subscriberId: string | undefined
  readonly customerId: string
  readonly request: CentralRequest
  /**
   * Resolves when the connection is gone, with the close code of the client, or 1006 without a
   * closing handshake; `byServer`: this side began to end it.
   */
  readonly ended: Promise<{ readonly code: number; readonly byServer: boolean }>
  /** Whether pings of the client are answered. */
  answerPings = true
  /** Frames passed to this socket so far; `flushed` are those that the kernel has taken. */
  sent = 0
  flushed = 0
  /** Pings and pongs of the client so far. */
  pings = 0
  pongs = 0
  readonly #ws: ServerWebSocket
  readonly #stream: Socket
  readonly #tcp: Socket
  readonly #unsettled = new Set<(flushed: boolean) => void>()
  #isHeldUp = false
  #isOversized = false
  #frozen = false
  #endedByServer = false

  constructor({ ws, stream, tcp }: SocketLayers, request: CentralRequest, customerId: string) {
    this.topic = request.topic ?? ''
    this.key = request.key ?? ''
    this.username = request.username
    this.subscriberId = request.subscriberId
    this.customerId = customerId
    this.request = request
    this.#ws = ws
    this.#stream = stream
    this.#tcp = tcp
    // Resets and cut connections are the purpose of this server.
    ws.on('error', () => {})
    ws.on('ping', (data) => {
      this.pings += 1
      if (this.answerPings) ws.pong(data)
    })
    ws.on('pong', () => {
      this.pongs += 1
    })
    this.ended = new Promise((resolve) => {
      ws.on('close', (code) => {
        this.#settle()
        resolve({ code, byServer: this.#endedByServer })
      })
    })
  }

  /**
   * Whether frames can be sent. After the header of an oversized frame they cannot: a client would read them as a
   * part of it. A frozen socket is not open either, but its connection stays.
   */
  get open(): boolean {
    const isMute = this.#frozen || this.#isOversized || this.#endedByServer
    return !isMute && this.#ws.readyState === WebSocket.OPEN
  }

  get frozen(): boolean {
    return this.#frozen
  }

  /** Whether `sendAll` waits for a slow reader. The kernel may take more meanwhile, so `bufferedBytes` may be small. */
  get isHeldUp(): boolean {
    return this.#isHeldUp
  }

  /** Bytes that wait in this process. */
  get bufferedBytes(): number {
    return this.#ws.bufferedAmount
  }

  /** Whether the client's close frame is answered (default: true). */
  set answerClose(answer: boolean) {
    this.#ws.answerClose = answer
  }

  /**
   * Sends a frame: a binary one, or from a string a text frame. Central is not known to send text.
   * @returns true once the kernel has taken it, false if the socket ended or froze before that
   */
  send(frame: Uint8Array | string): Promise<boolean> {
    if (!this.open) return Promise.resolve(false)
    this.sent += 1
    return new Promise((resolve) => {
      const settle = (flushed: boolean) => {
        if (!this.#unsettled.delete(settle)) return
        if (flushed) this.flushed += 1
        resolve(flushed)
      }
      this.#unsettled.add(settle)
      const options = { binary: typeof frame !== 'string', compress: false }
      // Node reports no error for what a destroyed stream drops.
      this.#ws.send(frame, options, (error) => settle(!error && !this.#stream.destroyed))
    })
  }

  sendText(text: string): Promise<boolean> {
    return this.send(text)
  }

  sendEmpty(): Promise<boolean> {
    return this.send(new Uint8Array(0))
  }

  /**
   * Sends many frames as fast as the client reads them: at most a mebibyte waits here.
   * @returns the number of frames that the kernel has taken
   */
  async sendAll(
    frames: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
  ): Promise<number> {
    let flushed = 0
    let last: Promise<void> = Promise.resolve()
    let turn = 0
    for await (const frame of frames) {
      if (!this.open) break
      last = this.send(frame).then((taken) => {
        if (taken) flushed += 1
      })
      turn += 1
      if (this.bufferedBytes > BUFFER_BYTES) {
        this.#isHeldUp = true
        await last
        this.#isHeldUp = false
      } else if (turn % TURN_FRAMES === 0) await nextTurn()
    }
    await last
    return flushed
  }

  /** Sends only the header of a binary frame of this size, which is enough to exceed a limit. */
  sendOversized(size = 64 * 1024 * 1024 + 1): void {
    const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0])
    header.writeBigUInt64BE(BigInt(size), 2)
    this.sendRaw(header)
    this.#isOversized = true
  }

  /** Writes bytes as they are: to break the protocol, or to send many frames in one write. */
  sendRaw(bytes: Uint8Array, taken: () => void = () => {}): void {
    if (this.open) this.#stream.write(bytes, taken)
  }

  ping(data = ''): void {
    if (this.open) this.#ws.ping(data)
  }

  /** Starts the closing handshake. */
  close(code = 1000, reason = ''): void {
    if (this.#frozen) return
    this.#endedByServer ||= this.open
    this.#ws.close(code, reason)
  }

  /** Ends the connection after what was written, without a close frame (the client sees 1006). */
  terminate(): void {
    this.#endedByServer ||= this.open
    this.#stream.destroySoon()
  }

  /** Resets the TCP connection. What the client has not read yet may be lost. */
  reset(): void {
    this.#endedByServer ||= this.open
    this.#tcp.resetAndDestroy()
    this.#stream.destroy()
  }

  /** From now on reads, answers and sends nothing but keeps the connection, like a peer that vanished. */
  freeze(): void {
    this.#frozen = true
    this.#ws.pause()
    this.#settle()
  }

  #settle(): void {
    for (const settle of this.#unsettled) settle(false)
  }
}
