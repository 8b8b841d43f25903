import type { Socket } from 'node:net'
import { StreamError } from '../errors.js'

/** Far more than any answer has. */
const MAX_BYTES = 16 * 1024 * 1024
export const TOO_MUCH = 'far more came than any answer has'
const LOOK_MS = 100

/**
 * Cuts connections on which far more comes than any answer has. A client library keeps what is no whole
 * message yet, and so a server could fill the memory.
 */
export class AnswerLimit {
  readonly #sockets: () => Iterable<Socket>
  readonly #timer: NodeJS.Timeout
  /** Whether a connection was cut since the last complete answer. */
  exceeded = false
  /** How many bytes had come on each when the last answer was complete. */
  readonly #before = new WeakMap<Socket, number>()

  /** @param sockets those that are open now */
  constructor(sockets: () => Iterable<Socket>) {
    this.#sockets = sockets
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** What has come so far was answers. */
  answered(): void {
    this.exceeded = false
    for (const socket of this.#sockets()) this.#before.set(socket, socket.bytesRead)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    for (const socket of this.#sockets()) {
      if (socket.destroyed) continue
      if (socket.bytesRead - (this.#before.get(socket) ?? 0) <= MAX_BYTES) continue
      this.exceeded = true
      socket.destroy(new StreamError('answer-invalid', TOO_MUCH))
    }
  }
}
