import { realpath, stat } from 'node:fs/promises'
import { errorText } from '../errors.js'
import type { Host } from '../net/host.js'
import { type LockOwner, takeLock } from './file-lock.js'
import { readText } from './read-text.js'
import {
  besidePath,
  FileChanged,
  removeTemporaries,
  replaceFile,
  temporaryPath,
} from './replace-file.js'
import { type Renewal, rewriteKeys } from './rewrite.js'
import { UnreadableFile } from './unreadable-file.js'

export type SaveKeysOptions = {
  /** The input file; a symbolic link is followed. */
  readonly path: string
  readonly renewals: readonly Renewal[]
  /** The host of entries that name none. */
  readonly defaultHost: Host
  /** This process, for the lock against another one on the same file. */
  readonly owner: LockOwner
}

export type SaveResult =
  /** `written` is false where the file held the new keys already, or none of the old ones. */
  | { readonly type: 'saved'; readonly written: boolean }
  /** The file is as it was; the new keys serve this run alone. */
  | { readonly type: 'failed'; readonly reason: string }

/** An editor that saves every few milliseconds is none. */
const TRIES = 5

/**
 * Writes renewed keys into the input file: reads it anew, replaces the values of `wsskey` that hold
 * an old key on its host, and leaves every other byte as it is. A crash at any moment leaves the old
 * file or the new one. Never rejects for what a file system can say.
 */
export async function saveKeys(options: SaveKeysOptions): Promise<SaveResult> {
  const { path, renewals, defaultHost, owner } = options
  let release: (() => Promise<void>) | undefined
  try {
    const file = await realpath(path)
    if (!(await stat(file)).isFile()) return failed('it is no regular file')
    release = await takeLock(besidePath(file, 'lock'), { owner, asidePath: temporaryPath(file) })
    if (release) await removeTemporaries(file)
    return await rewrite(file, renewals, defaultHost)
  } catch (error) {
    const fromSystem = error instanceof Error && 'syscall' in error
    if (!fromSystem && !(error instanceof UnreadableFile || error instanceof FileChanged))
      throw error
    return failed(errorText(error))
  } finally {
    await release?.()
  }
}

async function rewrite(
  file: string,
  renewals: readonly Renewal[],
  defaultHost: Host,
): Promise<SaveResult> {
  for (let attempt = 1; ; attempt++) {
    const { text, byteOrderMark, stats } = await readText(file)
    const rewritten = rewriteKeys(text, renewals, defaultHost)
    if (rewritten === undefined) return failed('it is no valid input file now')
    if (rewritten === text) return { type: 'saved', written: false }
    try {
      const bytes = Buffer.from(`${byteOrderMark ? '\ufeff' : ''}${rewritten}`)
      await replaceFile(file, bytes, stats)
      return { type: 'saved', written: true }
    } catch (error) {
      if (!(error instanceof FileChanged) || attempt === TRIES) throw error
    }
  }
}

function failed(reason: string): SaveResult {
  return { type: 'failed', reason }
}
