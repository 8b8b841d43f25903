import { lstat, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { StreamError } from '../errors.js'

/** The mode bit for users that are neither the owner nor in the group of the file. */
export const OTHERS_WRITE = 0o002

/**
 * In a folder such as /tmp, any user can make a file or link first, and so get the records, have them
 * written to another file, or have code run. Linux prevents this only where fs.protected_regular and the
 * like are set, and not for code.
 * @throws StreamError `exporter-unusable`
 */
export async function requireTrusted(path: string): Promise<void> {
  let place = resolve(path)
  let shown = path
  // Whoever made a folder on the way can put another one in its place.
  for (let folder = dirname(place); folder !== place; folder = dirname(place)) {
    await requireOwn(place, shown)
    place = folder
    shown = folder
  }
}

async function requireOwn(place: string, shown: string): Promise<void> {
  const found = await unlessMissing(lstat(place))
  if (!found) return
  const folder = await stat(dirname(place))
  const trusted = [process.geteuid?.(), folder.uid, 0]
  if ((folder.mode & OTHERS_WRITE) === 0 || trusted.includes(found.uid)) return
  const what = found.isSymbolicLink()
    ? 'is a link that another user made'
    : 'belongs to another user'
  throw new StreamError(
    'exporter-unusable',
    `"${shown}" ${what} (uid ${found.uid}), in a folder where every user can write; remove it, or use another folder`,
  )
}

/** What was found, or undefined where there is nothing. */
export async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
