import { createHash, randomBytes } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Errors where a file cannot be replaced, but perhaps be written: the folder belongs to another user,
 * or the file is a mount.
 */
const NOT_REPLACEABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV', 'ENAMETOOLONG'])
/** Bytes that most file systems allow for a name. */
const NAME_MAX = 255
/** How often the old content is written back where that fails, too. */
const RESTORES = 20
const PAUSE_MS = 50
/** How often an edit that is under way is looked at. */
const LOOKS = 40

/** A file as it was read. */
type Original = {
  readonly bytes: Buffer
  readonly stats: BigIntStats
  /** Whether an edit of it is complete; a program that writes into a file empties it first. */
  readonly isWhole: (bytes: Buffer) => boolean
}

/** Another program wrote the file after it was read. */
export class FileChanged extends Error {}

/** The file could neither be written nor be given its old content back. */
export class FileDamaged extends Error {}

/**
 * A path next to a file, for use while the file is rewritten. Its name begins with a dot, and names
 * this program.
 */
export function besidePath(path: string, suffix: string): string {
  const name = basename(path)
  const beside = (stem: string) => `.${stem}.aruba-stream.${suffix}`
  const isTooLong = Buffer.byteLength(beside(name)) > NAME_MAX
  const short = () => createHash('sha256').update(name).digest('hex').slice(0, 32)
  return join(dirname(path), beside(isTooLong ? short() : name))
}

/** A path next to a file that cannot be guessed. */
export function temporaryPath(path: string): string {
  return besidePath(path, `${randomBytes(12).toString('hex')}.tmp`)
}

/**
 * Removes temporary files that killed runs have left. Only for the holder of the lock: no other run
 * uses them then.
 */
export async function removeTemporaries(path: string): Promise<void> {
  const ours = basename(temporaryPath(path)).replace(/[0-9a-f]{24}\.tmp$/, '')
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names) {
    if (name.startsWith(ours) && /^[0-9a-f]{24}\.tmp$/.test(name.slice(ours.length))) {
      await unlink(join(dirname(path), name)).catch(() => undefined)
    }
  }
}

/**
 * Gives a file new content: atomically, so that a crash at any moment leaves the old file or the new
 * one; in place where its folder does not allow that. Keeps mode and owner. Where it fails, the old
 * content stays or is written back.
 * @param before what the new content was made from
 * @throws FileChanged; what the file system says where neither is possible
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  before: Original,
): Promise<void> {
  try {
    await swap(path, bytes, before)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || !NOT_REPLACEABLE.has(code)) throw error
    await overwrite(path, bytes, before)
  }
}

async function swap(path: string, bytes: Uint8Array, before: Original): Promise<void> {
  // Held open: what another program still writes into the old file can be read after the rename.
  await using(await open(path, 'r'), async (old) => {
    const made = await moveInto(path, bytes, before.stats, () => requireSame(path, old, before))
    const late = await lateEdit(old, before)
    if (!late) return
    // The other program's edit becomes the file. The caller then writes the keys into it.
    await moveInto(path, late, before.stats, async () => {
      if ((await stat(path, { bigint: true })).ino !== made) throw new FileChanged(CHANGED)
    })
    throw new FileChanged(CHANGED)
  })
  await syncFolder(dirname(path))
}

const CHANGED = 'another program keeps changing it'

/**
 * Writes a file next to another one, and gives it the name of that one.
 * @param check throws where the other one must stay; called right before the rename
 * @returns the inode of the new file
 */
async function moveInto(
  path: string,
  bytes: Uint8Array,
  { uid, gid, mode }: BigIntStats,
  check: () => Promise<void>,
): Promise<bigint> {
  const temporary = temporaryPath(path)
  const file = await open(temporary, 'wx', 0o600)
  let inode = 0n
  try {
    await using(file, async () => {
      await file.writeFile(bytes)
      // The owner first: changing it clears bits of the mode.
      const made = await file.stat({ bigint: true })
      if (made.uid !== uid || made.gid !== gid) await file.chown(Number(uid), Number(gid))
      await file.chmod(Number(mode) & 0o7777)
      await file.sync()
      inode = made.ino
    })
    await check()
    await rename(temporary, path)
    return inode
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
}

/**
 * Writes into the file itself. Where that fails on the way, as on a full disk, the old bytes are written
 * back.
 */
async function overwrite(path: string, bytes: Uint8Array, before: Original): Promise<void> {
  await using(await open(path, 'r+'), async (file) => {
    const old = before.bytes
    await requireSame(path, file, before)
    const blanks = Buffer.alloc(Math.abs(bytes.length - old.length), ' ')
    const grows = bytes.length > old.length
    try {
      // Blanks after the JSON text claim the space first. The existing bytes of a file can be
      // overwritten even on a full disk.
      if (grows) {
        await writeAt(file, blanks, old.length)
        await file.sync()
        const claimed = Buffer.concat([old, blanks])
        if (!(await contentOf(file)).equals(claimed)) throw new FileChanged(CHANGED)
      }
      // At every moment the file is as long as the longer text.
      await writeAt(file, grows ? bytes : Buffer.concat([bytes, blanks]), 0)
      await file.truncate(bytes.length)
      await file.sync()
    } catch (error) {
      if (!(error instanceof FileChanged)) await restore(file, old)
      throw error
    }
    if (!(await contentOf(file)).equals(bytes)) throw new FileChanged(CHANGED)
  })
}

async function restore(file: FileHandle, old: Buffer): Promise<void> {
  for (let attempt = 1; attempt <= RESTORES; attempt++) {
    try {
      // First give back the space that was claimed.
      await file.truncate(old.length)
      if (!(await contentOf(file)).equals(old)) await writeAt(file, old, 0)
      await file.sync()
      if ((await contentOf(file)).equals(old)) return
    } catch {
      // Tried again: space may become free.
    }
    await sleep(PAUSE_MS)
  }
  throw new FileDamaged('its old content could not be written back: the file is damaged')
}

/** @throws FileChanged where the path leads to another file now, or the content has changed */
async function requireSame(path: string, file: FileHandle, before: Original): Promise<void> {
  const [now, opened] = await Promise.all([
    stat(path, { bigint: true }),
    file.stat({ bigint: true }),
  ])
  const isSameFile = now.ino === opened.ino && now.dev === opened.dev
  if (!isSameFile || !(await contentOf(file)).equals(before.bytes)) throw new FileChanged(CHANGED)
}

/** What another program wrote into a file after it was read; undefined where nothing, or no whole text. */
async function lateEdit(
  file: FileHandle,
  { bytes, isWhole }: Original,
): Promise<Buffer | undefined> {
  for (let look = 1; look <= LOOKS; look++) {
    const content = await contentOf(file)
    if (content.equals(bytes)) return undefined
    if (isWhole(content)) return content
    await sleep(PAUSE_MS)
  }
  return undefined
}

async function contentOf(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat()
  const content = Buffer.alloc(size)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(content, length, size - length, length)
    length += bytesRead
    if (bytesRead === 0 || length === size) return content.subarray(0, length)
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** Makes the new name last through a power failure, where the system can do that for folders. */
async function syncFolder(path: string): Promise<void> {
  try {
    await using(await open(path), (folder) => folder.sync())
  } catch {
    // The content is safe; the name follows when the system writes it.
  }
}

async function using(file: FileHandle, work: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(file)
  } finally {
    await file.close()
  }
}
