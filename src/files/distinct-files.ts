import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StreamError } from '../errors.js'

/** A file that the program reads or writes, and the option that names it. */
export type NamedFile = { readonly option: string; readonly path: string }

/**
 * Sees to it that no file is written that is read, or written twice: records in the input file would
 * destroy it, and a replay would never come to the end of what it writes itself.
 * @throws StreamError `usage`
 */
export async function requireDistinct(files: readonly NamedFile[]): Promise<void> {
  const users = new Map<string, string>()
  for (const { option, path } of files) {
    const place = await placeOf(path)
    const other = users.get(place)
    if (other !== undefined) {
      throw new StreamError(
        'usage',
        `${option}: expected another file than that of ${other}; move that one away first`,
      )
    }
    users.set(place, option)
  }
}

/** Where a path leads to, also where nothing is there yet. */
async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const folder = await realpath(dirname(path)).catch(() => dirname(path))
    return join(folder, basename(path))
  }
}
