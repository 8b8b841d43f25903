import { type FileHandle, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { StreamError } from '../errors.js'

/** A file or folder that the program reads or writes, and the option that names it. */
export type NamedFile = {
  readonly option: string
  readonly path: string
  /** For a folder: how the names of the files end that are made in it. */
  readonly ending?: string | undefined
}

/**
 * Makes sure before anything is opened that no file is read and written, or written twice: records in
 * the input file would destroy it, and a replay would never come to the end of what it writes itself.
 * Device and inode identify a file, so links are found, too.
 * @throws StreamError `usage`
 */
export async function requireDistinct(files: readonly NamedFile[]): Promise<void> {
  const users = new Map<string, string>()
  for (const { option, path, ending } of files) {
    const place = await placeOf(path)
    const key = ending === undefined ? place : join(place, `*${ending}`)
    const other = users.get(key)
    if (other !== undefined) throw sameFile(option, other)
    users.set(key, option)
  }
  for (const { option, path, ending } of files) {
    if (ending === undefined) continue
    const names = await readdir(path).catch(() => [])
    for (const name of names.filter((each) => each.endsWith(ending))) {
      const other = users.get(await placeOf(join(path, name)))
      if (other !== undefined) throw sameFile(option, other)
    }
    for (const file of files) {
      const isInside =
        file.ending === undefined &&
        file.path.endsWith(ending) &&
        (await placeOf(dirname(file.path))) === (await placeOf(path))
      if (isInside) throw inFolder(file.option, option, ending)
    }
  }
}

/** Where a path leads to, also where nothing is there yet. */
async function placeOf(path: string): Promise<string> {
  try {
    return await identityOf(path)
  } catch {
    const folder = dirname(resolve(path))
    if (folder === resolve(path)) return folder
    return join(await placeOf(folder), basename(path))
  }
}

/** Device and inode: what a file is, whatever its names are. As numbers, large inodes would be rounded. */
export async function identityOf(file: string | FileHandle): Promise<string> {
  const bigint = { bigint: true } as const
  const { dev, ino } = await (typeof file === 'string' ? stat(file, bigint) : file.stat(bigint))
  return `${dev}:${ino}`
}

function sameFile(option: string, other: string): StreamError {
  return new StreamError(
    'usage',
    `${option}: expected another file than that of ${other}; choose another path`,
  )
}

function inFolder(option: string, folder: string, ending: string): StreamError {
  return new StreamError(
    'usage',
    `${option}: expected a file outside the folder of ${folder}, which writes its own *${ending} files there; choose another path`,
  )
}

/**
 * The files that are open for writing. It holds for files that are opened later, too: those of a
 * folder are opened with the first message of their entry.
 */
export class OpenFiles {
  readonly #users = new Map<string, string>()
  readonly #sources: readonly NamedFile[]

  /** @param sources what the program reads; looked at each time, since they may be replaced */
  constructor(sources: readonly NamedFile[] = []) {
    this.#sources = sources
  }

  /**
   * @returns what takes the claim back when the file is closed
   * @throws StreamError `usage` where the file is read, or is being written under another name
   */
  async claim(identity: string, option: string): Promise<() => void> {
    for (const source of this.#sources) {
      if ((await placeOf(source.path)) === identity) throw sameFile(option, source.option)
    }
    const other = this.#users.get(identity)
    if (other !== undefined) throw sameFile(option, other)
    this.#users.set(identity, option)
    return () => this.#users.delete(identity)
  }
}
