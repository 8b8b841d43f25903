import { randomUUID } from 'node:crypto'
import { lstat, readlink, rename, symlink, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** The process that wants the lock. */
export type LockOwner = {
  readonly pid: number
  /** Whether a process of this machine runs. */
  readonly isAlive: (pid: number) => boolean
}

export type LockOptions = {
  readonly owner: LockOwner
  /** Somewhere in the same folder, for a stale lock on its way out. */
  readonly asidePath: string
  /** A lock this old is left over, whoever left it; milliseconds. */
  readonly staleMs?: number
  /** So long is waited at most; milliseconds. */
  readonly waitMs?: number
}

/** A rewrite takes milliseconds, on a slow network file system perhaps a second. */
const STALE_MS = 5000
/** Longer than one stale lock takes, so that only a crowd gets this far. */
const WAIT_MS = 10_000
const POLL_MS = 15

/** Tells this run from an earlier process of the same number, as in a container that starts anew. */
const RUN = randomUUID()

type LockText = { readonly pid: number; readonly host: string; readonly run: string }

/**
 * Takes a lock, waiting for whoever holds it; one that was left behind is taken over. It is a symbolic
 * link that points nowhere and names its holder: unlike a file, it comes into being with its text.
 * @returns gives it back; undefined where it cannot be had, which is no reason not to go on
 */
export async function takeLock(
  path: string,
  { owner, asidePath, staleMs = STALE_MS, waitMs = WAIT_MS }: LockOptions,
): Promise<(() => Promise<void>) | undefined> {
  const text: LockText & { since: string; lock: string } = {
    pid: owner.pid,
    host: hostname(),
    run: RUN,
    since: new Date().toISOString(),
    lock: randomUUID(),
  }
  const mine = JSON.stringify(text)
  const waitUntil = performance.now() + waitMs
  while (performance.now() < waitUntil) {
    const made = await create(path, mine)
    if (made === 'made') return () => release(path, mine)
    if (made === 'impossible') return undefined
    const held = await read(path)
    const old = held && Math.abs(Date.now() - held.changedAtMs) > staleMs
    if (held && (old || isLeftBehind(held.text, owner))) {
      await breakLock(path, held.text, asidePath)
    } else {
      await sleep(POLL_MS)
    }
  }
  return undefined
}

async function create(path: string, text: string): Promise<'made' | 'exists' | 'impossible'> {
  try {
    await symlink(text, path)
    return 'made'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'exists' : 'impossible'
  }
}

/** Undefined where it is gone by now. */
async function read(path: string): Promise<{ text: string; changedAtMs: number } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readlink(path), lstat(path)])
    return { text, changedAtMs: mtimeMs }
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
    // None of ours: its age tells.
    return false
  }
  if (holder.host !== hostname() || typeof holder.pid !== 'number') return false
  return holder.pid === owner.pid ? holder.run !== RUN : !owner.isAlive(holder.pid)
}

/** Removes a stale lock, but no other that took its place meanwhile. */
async function breakLock(path: string, stale: string, asidePath: string): Promise<void> {
  try {
    await rename(path, asidePath)
    const taken = await readlink(asidePath)
    if (taken !== stale) await symlink(taken, path)
    await unlink(asidePath)
  } catch {
    // Somebody else was quicker.
  }
}

async function release(path: string, mine: string): Promise<void> {
  const held = await read(path)
  if (held?.text === mine) await unlink(path).catch(() => undefined)
}
