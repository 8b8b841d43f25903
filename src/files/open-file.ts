import { constants, fsync, type Stats, write } from 'node:fs'
import { access, type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { errorText, StreamError, systemFault, WRITE_FAULTS } from '../errors.js'
import type { Logger } from '../log.js'
import { printable } from '../text.js'
import { identityOf, type OpenFiles } from './distinct-files.js'
import { PipeFile } from './pipe-file.js'
import { OTHERS_WRITE, requireTrusted, unlessMissing } from './trust.js'

/**
 * Looks at a regular file that is about to be appended to, and says which bytes must come first: the
 * heading of a new file, or the end of a record that a crash tore.
 */
export type Repair = (file: FileHandle, size: number) => Promise<Uint8Array>

/** A file open for appending. */
export type OpenFile = {
  /** Device and inode. */
  readonly identity: string
  /**
   * Writes from this offset of the chunk on; resolves with how many bytes were taken. The memory of the chunk is used
   * again after that: what is kept must be copied.
   */
  write(chunk: Uint8Array, offset: number): Promise<number>
  /** Makes sure of what was written: a network file system reports a full disk only now. */
  sync(): Promise<void>
  /** Whether it was removed, and nobody can read it any more. Regular files have it. */
  removed?(): Promise<boolean>
  close(): Promise<void>
}

export type OpenFileOptions = {
  /** The option that names the file: `--record frames.ndjson`. */
  readonly label: string
  readonly log: Logger
  /** What must come before the first line; default: closes off a torn last line. */
  readonly repair?: Repair
  /** The files that the program writes; none of them twice. */
  readonly openFiles?: OpenFiles
}

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants
/** Mode bits for users that are neither the owner nor in the group of the file: to read, or to write. */
const OTHERS_ACCESS = 0o006

/**
 * Opens a file for appending; a new one belongs to its owner alone (0600). Symbolic links are followed.
 * A named pipe is opened without waiting for its reader, which must be there.
 */
export async function openForAppend(path: string, options: OpenFileOptions): Promise<OpenFile> {
  const { label, log, repair = endLastLine, openFiles } = options
  await requireTrusted(path)
  const before = await statIfThere(path)
  const flags = before?.isFIFO() ? O_NONBLOCK : O_CREAT
  const handle = await open(path, O_WRONLY | O_APPEND | flags, 0o600)
  let release = () => {}
  try {
    const stats = await handle.stat()
    const identity = await identityOf(handle)
    if (stats.isFile()) release = (await openFiles?.claim(identity, label)) ?? release
    if (stats.isFile()) await writeAll(handle, await lookInto(path, repair))
    if (before) warnOfOthers(path, stats, log)
    if (stats.isFIFO()) return new PipeFile(path, handle, identity)
    return {
      identity,
      write: async (chunk, offset) => (await handle.write(chunk, offset)).bytesWritten,
      sync: async () => {
        if (stats.isFile()) await handle.sync()
      },
      removed: async () => (await handle.stat()).nlink === 0,
      async close() {
        release()
        await handle.close()
      },
    }
  } catch (error) {
    release()
    await handle.close()
    throw error
  }
}

/** A regular file that the shell opened (`> records.ndjson`) and closes. */
export function adoptFile(fd: number): OpenFile {
  const writeSome = promisify(write)
  return {
    identity: '',
    write: async (chunk, offset) => (await writeSome(fd, chunk, offset)).bytesWritten,
    sync: () => promisify(fsync)(fd),
    close: async () => {},
  }
}

/**
 * Makes a folder for its owner alone where there is none.
 * @throws StreamError `exporter-unusable` where files cannot be made in it
 */
export async function prepareFolder(
  path: string,
  { label, log }: Pick<OpenFileOptions, 'label' | 'log'>,
): Promise<void> {
  try {
    await requireTrusted(path)
    const before = await statIfThere(path)
    if (before && !before.isDirectory()) throw notAFolder(path)
    if (!before) await makeFolder(path)
    await access(path, constants.W_OK | constants.X_OK)
    if (before) warnOfOthers(path, before, log)
  } catch (error) {
    throw unusableFile(label, path, error)
  }
}

/** Not with `recursive`: in `/proc` and the like, Node then tries for ever. */
async function makeFolder(path: string): Promise<void> {
  const parent = dirname(path)
  const stats = await statIfThere(parent)
  if (stats && !stats.isDirectory()) throw notAFolder(parent)
  if (!stats && parent !== path) await makeFolder(parent)
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      throw new StreamError('exporter-unusable', `the folder "${parent}" takes no folder`)
    }
    // Another program was quicker.
    if (code !== 'EEXIST') throw error
  }
}

function notAFolder(path: string): StreamError {
  return new StreamError('exporter-unusable', `"${path}" is a file; expected a folder`)
}

/** A path that starts from a folder; as given where that is the current folder, since messages quote it. */
export function pathFrom(folder: string, path: string): string {
  const place = resolve(folder, path)
  return place === resolve(path) ? path : place
}

/** What a path leads to, or undefined where there is nothing. */
export function statIfThere(path: string): Promise<Stats | undefined> {
  return unlessMissing(stat(path))
}

function warnOfOthers(path: string, stats: Stats, log: Logger): void {
  if (stats.isCharacterDevice()) return
  const uid = process.geteuid?.()
  const mode = (stats.mode & 0o777).toString(8)
  const what = stats.isDirectory() ? 'the folder' : 'the file'
  if (uid !== undefined && stats.uid !== uid) {
    log.warn(
      `${what} "${path}" belongs to another user (uid ${stats.uid}), who can read the records`,
    )
  }
  // A folder that others can read is safe: they cannot read the files that are made in it.
  const open = stats.mode & (stats.isFile() ? OTHERS_ACCESS : OTHERS_WRITE)
  if (open === 0) return
  const can = stats.mode & OTHERS_WRITE ? 'write to' : 'read'
  log.warn(`every user of this machine can ${can} ${what} "${path}" (mode ${mode}); see chmod(1)`)
}

/** Ends a last line that a crash tore, so that the next one starts on its own. */
const endLastLine: Repair = async (file, size) => {
  if (size === 0) return Buffer.alloc(0)
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return buffer[0] === 0x0a ? Buffer.alloc(0) : Buffer.from('\n')
}

/** Why a file cannot be opened, and what the user can do. `label` is the option that names it. */
export function unusableFile(label: string, path: string, error: unknown): StreamError {
  if (error instanceof StreamError && error.code === 'usage') return error
  return new StreamError('exporter-unusable', `${label}: ${openFault(path, error)}`)
}

/** The same without the option, for a fault in the middle of a run. */
export function openFault(path: string, error: unknown): string {
  // Longer than others: it may have a command to copy in it.
  if (error instanceof StreamError) return printable(error.message)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return `the folder "${dirname(path)}" does not exist; create it first`
  if (code === 'EISDIR') return `"${path}" is a folder; expected a file`
  if (code === 'ENXIO') return `no program reads the pipe "${path}"; start its reader first`
  const fault = systemFault(error, WRITE_FAULTS)
  return fault === undefined ? errorText(error) : `"${path}": ${fault}`
}

async function lookInto(path: string, repair: Repair): Promise<Uint8Array> {
  const reader = await open(path, 'r')
  try {
    return await repair(reader, (await reader.stat()).size)
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
