import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Tail } from '../delivery/tail.js'
import { identityOf } from './distinct-files.js'
import type { OpenFile } from './open-file.js'

/** The most that Linux lets a pipe hold (`/proc/sys/fs/pipe-max-size`). */
const PIPE_BYTES = 1_048_576
const NEWLINE = 0x0a

/**
 * A named pipe. Where its reader goes away, the next one starts with a whole line: what the pipe still
 * held is taken back out of it and sent again from the beginning of the line that was being read.
 */
export class PipeFile implements OpenFile {
  readonly identity: string
  readonly #path: string
  readonly #handle: FileHandle
  readonly #tail = new Tail(PIPE_BYTES)
  /** What the next reader gets first. */
  #again: Uint8Array = new Uint8Array()

  constructor(path: string, handle: FileHandle, identity: string) {
    this.#path = path
    this.#handle = handle
    this.identity = identity
  }

  async write(chunk: Uint8Array, offset: number): Promise<number> {
    try {
      while (this.#again.length > 0) {
        const { bytesWritten } = await this.#handle.write(this.#again)
        this.#again = this.#again.subarray(bytesWritten)
      }
      const { bytesWritten } = await this.#handle.write(chunk, offset)
      const taken = Buffer.from(chunk.subarray(offset, offset + bytesWritten))
      this.#tail.push({ bytes: taken, count: 0 })
      return bytesWritten
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') await this.#takeBack()
      throw error
    }
  }

  async sync(): Promise<void> {
    const { length } = this.#again
    if (length > 0) throw new Error(`its reader went away and did not read ${length} bytes`)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  async #takeBack(): Promise<void> {
    const unread = (await this.#drain()) + this.#again.length
    const sent = Buffer.concat(this.#tail.chunks.map(({ bytes }) => bytes))
    const from = Math.max(0, sent.length - unread)
    this.#again = sent.subarray(from === 0 ? 0 : sent.lastIndexOf(NEWLINE, from - 1) + 1)
  }

  /** Takes out of the pipe what was not read. */
  async #drain(): Promise<number> {
    const reader = await open(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
    let unread = 0
    try {
      if ((await identityOf(reader)) !== this.identity) return 0
      for (;;) {
        const { bytesRead } = await reader.read({ buffer: Buffer.alloc(65_536) })
        if (bytesRead === 0) return unread
        unread += bytesRead
      }
    } catch (error) {
      // Nothing is left in it.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return unread
      throw error
    } finally {
      await reader.close()
    }
  }
}
