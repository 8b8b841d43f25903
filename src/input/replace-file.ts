import { randomBytes } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Where replacing a file is not possible but writing into it may be: a folder that is not ours, a mount. */
const NOT_REPLACEABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV'])

/** Somebody else wrote the file after it was read. */
export class FileChanged extends Error {}

/** What stands beside a file while it is rewritten; begins with a dot and is made for this program. */
export function besidePath(path: string, suffix: string): string {
  return join(dirname(path), `.${basename(path)}.aruba-stream.${suffix}`)
}

/** A name beside a file that nobody can foresee. */
export function temporaryPath(path: string): string {
  return besidePath(path, `${randomBytes(12).toString('hex')}.tmp`)
}

/** Removes what runs that were killed left behind; only under the lock, which makes them nobody's. */
export async function removeTemporaries(path: string): Promise<void> {
  const prefix = basename(besidePath(path, ''))
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names) {
    if (name.startsWith(prefix) && /^[0-9a-f]{24}\.tmp$/.test(name.slice(prefix.length))) {
      await unlink(join(dirname(path), name)).catch(() => undefined)
    }
  }
}

/**
 * Gives a file new content: atomically, so that a crash at any moment leaves the old file or the new
 * one; where its folder does not allow that, in place. Keeps mode and owner.
 * @param before what is known of the file that the new content was made from
 * @throws FileChanged; what the file system says where neither is possible
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  before: BigIntStats,
): Promise<void> {
  try {
    await swap(path, bytes, before)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || !NOT_REPLACEABLE.has(code)) throw error
    await overwrite(path, bytes, before)
  }
}

async function swap(path: string, bytes: Uint8Array, before: BigIntStats): Promise<void> {
  const temporary = temporaryPath(path)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await using(file, async () => {
      await file.writeFile(bytes)
      // The owner first: changing it clears bits of the mode.
      const { uid, gid } = await file.stat({ bigint: true })
      if (uid !== before.uid || gid !== before.gid) {
        await file.chown(Number(before.uid), Number(before.gid))
      }
      await file.chmod(Number(before.mode) & 0o7777)
      await file.sync()
    })
    await refuseChanged(path, before)
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncFolder(dirname(path))
}

async function overwrite(path: string, bytes: Uint8Array, before: BigIntStats): Promise<void> {
  await refuseChanged(path, before)
  const file = await open(path, 'r+')
  await using(file, async () => {
    // Cut afterwards, so that at no moment the file is empty.
    await file.writeFile(bytes)
    await file.truncate(bytes.length)
    await file.sync()
  })
}

async function refuseChanged(path: string, before: BigIntStats): Promise<void> {
  const now = await stat(path, { bigint: true })
  if (
    now.ino !== before.ino ||
    now.dev !== before.dev ||
    now.mtimeNs !== before.mtimeNs ||
    now.size !== before.size
  ) {
    throw new FileChanged('the file was changed meanwhile')
  }
}

/** Makes the new name last through a power failure, where the system can do that for folders. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path)
    await using(folder, () => folder.sync())
  } catch {
    // The content is safe; the name follows when the system writes it.
  }
}

async function using(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } finally {
    await file.close()
  }
}
