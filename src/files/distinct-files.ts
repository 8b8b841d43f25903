import { type FileHandle, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { StreamError } from '../errors.js'

/** A file or folder that the program reads or writes, and the option that names it. */
export type NamedFile = {
  readonly option: string
  readonly path: string
  /** For a folder: how the names of the files end that are made in it. */
  readonly ending?: string | undefined
  /** How many rotated files are kept, PATH.1 and so on; in a folder, of each file. */
  readonly keep?: number | undefined
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
  for (const named of files) {
    const made = madeBy(named)
    if (!made) continue
    const place = await placeOf(made.folder)
    for (const file of files) {
      const isInside =
        file.ending === undefined &&
        made.has(basename(file.path)) &&
        (await placeOf(dirname(file.path))) === place
      if (isInside) throw new StreamError('usage', `${file.option}: ${made.expected}`)
    }
    const names = await readdir(made.folder).catch(() => [])
    for (const name of names.filter(made.has)) {
      const other = users.get(await placeOf(join(made.folder, name)))
      if (other !== undefined && other !== named.option) throw sameFile(named.option, other)
    }
  }
}

/** The files that an output makes under names of its own, and what others are told that have such a name. */
type Made = {
  readonly folder: string
  readonly has: (name: string) => boolean
  readonly expected: string
}

/** Undefined where nothing is written but the file that is named. */
function madeBy({ option, path, ending, keep = 0 }: NamedFile): Made | undefined {
  /** A name without the number that rotation gives it. */
  const unrotated = (name: string) => {
    const [, before, number] = /^(.+)\.([1-9]\d{0,3})$/s.exec(name) ?? []
    return Number(number) <= keep ? before : undefined
  }
  if (ending !== undefined) {
    const rotated = keep > 0 ? ` and *${ending}.1 to .${keep}` : ''
    return {
      folder: path,
      has: (name) => name.endsWith(ending) || unrotated(name)?.endsWith(ending) === true,
      expected: `expected a file outside the folder of ${option}, which writes its own *${ending}${rotated} files there; choose another path`,
    }
  }
  if (keep === 0) return undefined
  return {
    folder: dirname(path),
    has: (name) => unrotated(name) === basename(path),
    expected: `expected a file other than PATH.1 to PATH.${keep} of ${option}, which are its rotated files; choose another path`,
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
