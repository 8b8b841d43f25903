import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorText, StreamError } from '../errors.js'

/**
 * Looks at a regular file that is about to be appended to, and says which bytes must come first: a
 * heading where it is new, what closes off a record that a crash tore.
 */
export type Mend = (file: FileHandle, size: number) => Promise<Uint8Array>

/** A file open for appending. */
export type OpenFile = {
  readonly handle: FileHandle
  readonly stats: Stats
}

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants

/**
 * Opens a file for appending; a new one belongs to its owner alone (0600). Symbolic links are followed.
 * A named pipe is opened without waiting for its reader, which must be there.
 * @param mend left out where the file was being written just now, and half a record may be wanted
 */
export async function openForAppend(path: string, mend?: Mend): Promise<OpenFile> {
  const isPipe = (await statIfThere(path))?.isFIFO() ?? false
  const handle = await open(path, O_WRONLY | O_APPEND | (isPipe ? O_NONBLOCK : O_CREAT), 0o600)
  try {
    const stats = await handle.stat()
    if (mend && stats.isFile()) await writeAll(handle, await lookInto(path, mend))
    return { handle, stats }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** What a path leads to, or undefined where there is nothing. */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Ends a last line that a crash tore, so that the next one starts on its own. */
export const endLastLine: Mend = async (file, size) => {
  if (size === 0) return Buffer.alloc(0)
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return buffer[0] === 0x0a ? Buffer.alloc(0) : Buffer.from('\n')
}

/** Why a file cannot be opened, and what the user can do. `label` says who wants to write it. */
export function unusableFile(label: string, path: string, error: unknown): StreamError {
  return new StreamError('exporter-unusable', `${label}: ${openFault(path, error)}`)
}

/** The same without the one who wants to write it, for a fault in the middle of a run. */
export function openFault(path: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return `the folder "${dirname(path)}" does not exist; create it first`
  if (code === 'EISDIR') return `"${path}" is a folder; expected a file`
  if (code === 'ENXIO') return `nobody reads the pipe "${path}"; start its reader first`
  return errorText(error)
}

async function lookInto(path: string, mend: Mend): Promise<Uint8Array> {
  const reader = await open(path, 'r')
  try {
    return await mend(reader, (await reader.stat()).size)
  } finally {
    await reader.close()
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at)
    at += bytesWritten
  }
}
