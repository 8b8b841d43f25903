import { randomUUID } from 'node:crypto'
import { lstat, readlink, rename, symlink, unlink } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** The process that wants the lock. */
export type LockOwner = {
  readonly pid: number
  /** Whether a process of this machine runs. */
  readonly isAlive: (pid: number) => boolean
}

type LockOptions = {
  readonly owner: LockOwner
  /** An unused name in the same folder, to which a stale lock is moved before it is removed. */
  readonly asidePath: string
}

/** A lock of this age is stale: a rewrite takes milliseconds, on a slow network file system perhaps a second. */
const STALE_MS = 5000
/** The longest wait. Longer than it takes to replace a stale lock: only with many processes is it reached. */
const WAIT_MS = 10_000
/** Another user may renew a lock for ever, and this process can rarely remove it. */
const FOREIGN_WAIT_MS = 1000
const POLL_MS = 15

/** Tells this run from an earlier process with the same number, as in a container that starts again. */
const RUN = randomUUID()

type LockText = { readonly pid: number; readonly host: string; readonly run: string }

/**
 * Takes a lock, and waits while another process holds it; a stale lock is replaced. It is a symbolic
 * link that points nowhere and names its holder: unlike a file, it is made and filled in one step.
 * @returns releases the lock; undefined where it cannot be taken: the work is done without it then
 */
export async function takeLock(
  path: string,
  { owner, asidePath }: LockOptions,
): Promise<(() => Promise<void>) | undefined> {
  const text: LockText & { since: string; lock: string } = {
    pid: owner.pid,
    host: hostname(),
    run: RUN,
    since: new Date().toISOString(),
    lock: randomUUID(),
  }
  const mine = JSON.stringify(text)
  const startedMs = performance.now()
  for (;;) {
    const made = await create(path, mine)
    if (made === 'made') return () => release(path, mine)
    if (made === 'impossible') return undefined
    const waitedMs = performance.now() - startedMs
    if (waitedMs >= WAIT_MS) return undefined
    const held = await read(path)
    if (held === 'no lock') return undefined
    if (held === 'gone') continue
    const isOld = Math.abs(Date.now() - held.changedAtMs) > STALE_MS
    if (isOld || isLeftBehind(held.text, owner)) {
      if (!(await breakLock(path, held.text, asidePath))) return undefined
    } else if (held.isForeign && waitedMs >= FOREIGN_WAIT_MS) return undefined
    else await sleep(POLL_MS)
  }
}

async function create(path: string, text: string): Promise<'made' | 'exists' | 'impossible'> {
  try {
    await symlink(text, path)
    return 'made'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'exists' : 'impossible'
  }
}

type Held = {
  readonly text: string
  readonly changedAtMs: number
  /** Made by another user. */
  readonly isForeign: boolean
}

async function read(path: string): Promise<Held | 'gone' | 'no lock'> {
  try {
    const [text, { mtimeMs, uid }] = await Promise.all([readlink(path), lstat(path)])
    return { text, changedAtMs: mtimeMs, isForeign: uid !== ownUid() }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'no lock'
  }
}

/** Undefined for a user without a name, as in a container: all locks are foreign then. */
function ownUid(): number | undefined {
  try {
    return userInfo().uid
  } catch {
    return undefined
  }
}

/** Whether the process that wrote it is known to be gone. */
function isLeftBehind(text: string, owner: LockOwner): boolean {
  let holder: Partial<LockText>
  try {
    holder = JSON.parse(text)
  } catch {
    // Not made by this program: its age decides.
    return false
  }
  if (holder.host !== hostname() || typeof holder.pid !== 'number') return false
  return holder.pid === owner.pid ? holder.run !== RUN : !owner.isAlive(holder.pid)
}

/**
 * Removes a stale lock, but not a newer one that has taken its place.
 * @returns false where this user may not remove it
 */
async function breakLock(path: string, stale: string, asidePath: string): Promise<boolean> {
  try {
    await rename(path, asidePath)
    const taken = await readlink(asidePath)
    if (taken !== stale) await symlink(taken, path)
    await unlink(asidePath)
    return true
  } catch (error) {
    // Another process was quicker: it removed the lock, or made one where this one is put back.
    return ['ENOENT', 'EEXIST'].includes(String((error as NodeJS.ErrnoException).code))
  }
}

async function release(path: string, mine: string): Promise<void> {
  const held = await read(path)
  if (typeof held === 'object' && held.text === mine) await unlink(path).catch(() => undefined)
}
