import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Request } from './faults.js'
import { customerIdOf } from './keys.js'

/** Bytes that may wait in this process for one slow reader before a sender waits too. */
const BUFFER_BYTES = 1024 * 1024
/** Frames sent before others get their turn, when the kernel takes them all at once. */
const TURN_FRAMES = 256

/** A server's WebSocket that can refuse to take part in the closing handshake. */
export class ServerWebSocket extends WebSocket {
  answerClose = true

  override close(code?: number, reason?: string | Buffer): void {
    // `ws` answers the client's close frame by calling this.
    if (this.answerClose) super.close(code, reason)
  }
}

/** How a socket ended, as the server saw it. */
export type SocketEnd = {
  /** Close code: the client's, or 1006 where there was no closing handshake. */
  readonly code: number
  readonly reason: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** One open subscription, in the hands of the test. */
export class CentralSocket implements Request {
  /** Counts the sockets of this server from 0, in the order in which they were opened. */
  readonly index: number
  readonly topic: string
  readonly key: string
  /** Header `UserName`; undefined where it was not sent. */
  readonly username: string | undefined
  /** Customer that the key belongs to, 32 hex digits. */
  readonly customerId: string
  /** The handshake's headers, names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Milliseconds since the epoch. */
  readonly openedAt: number
  /** Resolves when the connection is gone. */
  readonly ended: Promise<SocketEnd>
  /** Whether pings of the client are answered. */
  answerPings = true
  readonly #counts = { sent: 0, flushed: 0, pings: 0, pongs: 0 }
  readonly #ws: ServerWebSocket
  readonly #stream: Socket
  readonly #tcp: Socket
  readonly #unsettled = new Set<(flushed: boolean) => void>()
  #frozen = false

  /** @param tcp the TCP connection beneath `stream`, which is the same one unless there is TLS */
  constructor(
    ws: ServerWebSocket,
    stream: Socket,
    tcp: Socket,
    opened: { index: number; topic: string; key: string; headers: IncomingHttpHeaders },
    clock: () => number,
  ) {
    const username = opened.headers.username
    this.index = opened.index
    this.topic = opened.topic
    this.key = opened.key
    this.username = typeof username === 'string' ? username : undefined
    this.customerId = customerIdOf(opened.key)
    this.headers = opened.headers
    this.openedAt = clock()
    this.#ws = ws
    this.#stream = stream
    this.#tcp = tcp
    // Resets and cut connections are what this server is for.
    ws.on('error', () => {})
    ws.on('ping', (data) => {
      this.#counts.pings += 1
      if (this.answerPings) ws.pong(data)
    })
    ws.on('pong', () => {
      this.#counts.pongs += 1
    })
    this.ended = new Promise((resolve) => {
      ws.on('close', (code, reason) => {
        this.#settle()
        resolve({ code, reason: reason.toString(), at: clock() })
      })
    })
  }

  /** Whether frames can still be sent. A frozen socket is not open, though its connection stays. */
  get open(): boolean {
    return !this.#frozen && this.#ws.readyState === WebSocket.OPEN
  }

  get frozen(): boolean {
    return this.#frozen
  }

  /** Frames handed over so far, and those of them that the kernel has taken. */
  get sent(): number {
    return this.#counts.sent
  }

  get flushed(): number {
    return this.#counts.flushed
  }

  /** Pings that the client has sent, and pongs. */
  get pings(): number {
    return this.#counts.pings
  }

  get pongs(): number {
    return this.#counts.pongs
  }

  /** Bytes that wait in this process. */
  get bufferedBytes(): number {
    return this.#ws.bufferedAmount
  }

  /** Whether a close frame of the client is answered; to be set alone. */
  set answerClose(answer: boolean) {
    this.#ws.answerClose = answer
  }

  /**
   * Sends a binary frame.
   * @returns true when the kernel has taken it, false when the socket ended or froze before
   */
  send(frame: Uint8Array): Promise<boolean> {
    return this.#send(frame, true)
  }

  /** Sends a text frame, which Central is not known to do. */
  sendText(text: string): Promise<boolean> {
    return this.#send(text, false)
  }

  /** Sends a binary frame without a byte. */
  sendEmpty(): Promise<boolean> {
    return this.#send(new Uint8Array(0), true)
  }

  /**
   * Sends many binary frames, as fast as the reader takes them: at most a mebibyte waits here.
   * @returns how many the kernel has taken
   */
  async sendAll(frames: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number> {
    let flushed = 0
    let last: Promise<void> = Promise.resolve()
    let turn = 0
    for await (const frame of frames) {
      if (!this.open) break
      last = this.send(frame).then((taken) => {
        if (taken) flushed += 1
      })
      turn += 1
      if (this.bufferedBytes > BUFFER_BYTES) await last
      else if (turn % TURN_FRAMES === 0) await nextTurn()
    }
    await last
    return flushed
  }

  /** Announces a binary frame of this size and sends nothing of it: the header is what a limit looks at. */
  sendOversized(size = 64 * 1024 * 1024 + 1): void {
    const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0])
    header.writeBigUInt64BE(BigInt(size), 2)
    this.sendRaw(header)
  }

  /** Writes bytes beneath the WebSocket framing, to break the protocol or to send many frames at once. */
  sendRaw(bytes: Uint8Array, taken: () => void = () => {}): void {
    if (this.open) this.#stream.write(bytes, taken)
  }

  ping(data = ''): void {
    if (this.open) this.#ws.ping(data)
  }

  /** Starts the closing handshake. */
  close(code = 1000, reason = ''): void {
    if (!this.#frozen) this.#ws.close(code, reason)
  }

  /** Ends the connection without a close frame (the client sees 1006), after what was written. */
  terminate(): void {
    this.#stream.destroySoon()
  }

  /** Resets the TCP connection; what the client has not read yet may be lost. */
  reset(): void {
    this.#tcp.resetAndDestroy()
    this.#stream.destroy()
  }

  /** Reads, answers and sends nothing from now on, and keeps the connection: a peer that vanished. */
  freeze(): void {
    this.#frozen = true
    this.#ws.pause()
    this.#settle()
  }

  #send(data: Uint8Array | string, binary: boolean): Promise<boolean> {
    if (!this.open) return Promise.resolve(false)
    this.#counts.sent += 1
    return new Promise((resolve) => {
      const settle = (flushed: boolean) => {
        if (!this.#unsettled.delete(settle)) return
        if (flushed) this.#counts.flushed += 1
        resolve(flushed)
      }
      this.#unsettled.add(settle)
      this.#ws.send(data, { binary, compress: false }, (error) => settle(!error))
    })
  }

  #settle(): void {
    for (const settle of this.#unsettled) settle(false)
  }
}
