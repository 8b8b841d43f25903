import { rename, stat } from 'node:fs/promises'
import { writeErrorText } from '../errors.js'
import { identityOf } from './distinct-files.js'
import { type OpenFile, type OpenFileOptions, openForAppend, statIfThere } from './open-file.js'

/** When a file is moved away, and how many of those are kept. */
export type Rotation = { readonly bytes: number; readonly keep: number }

/**
 * Opens a file for appending. When it has reached its size it becomes `PATH.1`, the one that was `PATH.1`
 * becomes `PATH.2`, and so on; the oldest is removed.
 */
export async function openRotating(
  path: string,
  rotation: Rotation,
  options: OpenFileOptions,
): Promise<OpenFile> {
  const file = await openForAppend(path, options)
  const size = (await statIfThere(path))?.size ?? 0
  return new RotatingFile(path, rotation, options, file, size)
}

class RotatingFile implements OpenFile {
  readonly #path: string
  readonly #rotation: Rotation
  readonly #options: OpenFileOptions
  #file: OpenFile
  #size: number
  #limit: number
  /** The file has its new name, and the next one could not be opened yet. */
  #moved = false

  constructor(
    path: string,
    rotation: Rotation,
    options: OpenFileOptions,
    file: OpenFile,
    size: number,
  ) {
    this.#path = path
    this.#rotation = rotation
    this.#options = options
    this.#file = file
    this.#size = size
    this.#limit = rotation.bytes
  }

  get identity(): string {
    return this.#file.identity
  }

  /** A chunk starts with a whole line, so a file never ends within one. */
  async write(chunk: Uint8Array, offset: number): Promise<number> {
    if (offset === 0 && (this.#moved || this.#size >= this.#limit)) await this.#rotate()
    const written = await this.#file.write(chunk, offset)
    this.#size += written
    return written
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  async removed(): Promise<boolean> {
    return (await this.#file.removed?.()) ?? false
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #rotate(): Promise<void> {
    if (!this.#moved && !(await this.#moveAway())) return
    this.#moved = true
    const next = await openForAppend(this.#path, this.#options)
    const old = this.#file
    this.#file = next
    this.#moved = false
    this.#size = 0
    this.#limit = this.#rotation.bytes
    try {
      await old.sync().finally(() => old.close())
    } catch (error) {
      const { log, label } = this.#options
      log.warn(`${label}: its last lines may be missing: ${writeErrorText(error)}`)
    }
  }

  /** @returns whether a new file is to be opened */
  async #moveAway(): Promise<boolean> {
    const { log, label } = this.#options
    try {
      const found = await statIfThere(this.#path)
      // Another program, such as logrotate, has moved it or cut it off.
      if (!found || (await identityOf(this.#path)) !== this.identity) return true
      this.#size = found.size
      if (!found.isFile() || found.size < this.#rotation.bytes) return false
      await moveNumbered(this.#path, this.#rotation.keep)
      return true
    } catch (error) {
      const why = writeErrorText(error)
      log.warn(`${label}: the file cannot be rotated and grows on: ${why}`)
      this.#limit = this.#size + this.#rotation.bytes
      return false
    }
  }
}

/** From the oldest on, so that a crash in between leaves a gap in the numbers, and loses nothing. */
async function moveNumbered(path: string, keep: number): Promise<void> {
  const nameOf = (number: number) => (number === 0 ? path : `${path}.${number}`)
  let free = 1
  while (free < keep && (await isThere(nameOf(free)))) free++
  for (let number = free - 1; number >= 0; number--) {
    await rename(nameOf(number), nameOf(number + 1))
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
