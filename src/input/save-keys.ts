import { realpath, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Node } from 'jsonc-parser'
import { systemFault, WRITE_FAULTS } from '../errors.js'
import { type Host, isSameHost, parseHost } from '../net/host.js'
import type { Secret } from '../secret.js'
import { type LockOwner, takeLock } from './file-lock.js'
import { members, parseJson } from './parse-json.js'
import { readText, UnreadableFile } from './read-text.js'
import {
  besidePath,
  FileChanged,
  FileDamaged,
  removeTemporaries,
  replaceFile,
  temporaryPath,
} from './replace-file.js'

/** A key of a host that Central replaced. */
export type Renewal = { readonly host: Host; readonly from: Secret; readonly to: Secret }

type SaveKeysOptions = {
  /** The input file; a symbolic link is followed. */
  readonly path: string
  readonly renewals: readonly Renewal[]
  /** The host of entries that name none; undefined where each names one. */
  readonly defaultHost: Host | undefined
  /** Properties of an entry that may hold a key. */
  readonly properties: readonly string[]
  /** This process, for the lock against another one on the same file. */
  readonly owner: LockOwner
}

export type SaveResult =
  /** `written` is false where the file held the new keys already, or none of the old ones. */
  | { readonly type: 'saved'; readonly written: boolean }
  /** The file is as it was, or the reason says that it is damaged; the new keys serve this run alone. */
  | { readonly type: 'failed'; readonly reason: string }

/** An editor does not save every few milliseconds. */
const TRIES = 5
/** Long enough for an editor that is saving to be done. */
const PAUSE_MS = 50

/**
 * Writes renewed keys into the input file: reads it again, replaces the values that hold an old key on
 * its host, and leaves every other byte as it is. A crash at any moment leaves the old file or the new
 * one. An error of the file system is returned, not thrown.
 */
export async function saveKeys(options: SaveKeysOptions): Promise<SaveResult> {
  const { path, owner } = options
  let release: (() => Promise<void>) | undefined
  try {
    const file = await realpath(path)
    if (!(await stat(file)).isFile()) return failed('it is not a regular file')
    release = await takeLock(besidePath(file, 'lock'), { owner, asidePath: temporaryPath(file) })
    if (release) await removeTemporaries(file)
    return await rewrite(file, options)
  } catch (error) {
    const isOwn = [UnreadableFile, FileChanged, FileDamaged].some((each) => error instanceof each)
    const reason =
      isOwn && error instanceof Error ? error.message : systemFault(error, WRITE_FAULTS)
    if (reason === undefined) throw error
    return failed(reason)
  } finally {
    await release?.()
  }
}

async function rewrite(file: string, options: SaveKeysOptions): Promise<SaveResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { text, byteOrderMark, bytes, stats } = await readText(file)
      const rewritten = rewriteKeys(text, options)
      if (rewritten === undefined) throw new UnreadableFile('it is no valid input file now')
      if (rewritten === text || !stats) return { type: 'saved', written: false }
      const changed = Buffer.from(`${byteOrderMark ? '\ufeff' : ''}${rewritten}`)
      const isWhole = (edit: Buffer) => rewriteKeys(edit.toString(), options) !== undefined
      await replaceFile(file, changed, { bytes, stats, isWhole })
      return { type: 'saved', written: true }
    } catch (error) {
      // While an editor saves, the file is half written for a moment, or has no name.
      const isChanging = error instanceof FileChanged || error instanceof UnreadableFile
      if (!isChanging || attempt === TRIES) throw error
      await sleep(PAUSE_MS)
    }
  }
}

/**
 * Puts new keys in place of the old ones, in every entry that holds the old one on that host, and
 * changes nothing else.
 * @returns undefined where the text is no JSON object of entries
 */
function rewriteKeys(
  text: string,
  { renewals, defaultHost, properties: names }: SaveKeysOptions,
): string | undefined {
  const { root } = parseJson(text)
  const customers =
    root?.type === 'object' ? members(root).find(({ name }) => name === 'customers') : undefined
  if (customers?.value.type !== 'object') return undefined

  let rewritten = ''
  let copied = 0
  for (const { value: entry } of members(customers.value)) {
    if (entry.type !== 'object') continue
    const properties = members(entry)
    const host = hostOf(properties.find((each) => each.name === 'hostname')?.value, defaultHost)
    for (const { value: key } of properties.filter(({ name }) => names.includes(name))) {
      const renewal = renewals.find(
        (each) => host && isSameHost(each.host, host) && each.from.reveal() === key.value,
      )
      if (!renewal) continue
      rewritten += text.slice(copied, key.offset) + JSON.stringify(renewal.to.reveal())
      copied = key.offset + key.length
    }
  }
  return rewritten + text.slice(copied)
}

/** The entry's host; undefined where it names one that is none. */
function hostOf(node: Node | undefined, defaultHost: Host | undefined): Host | undefined {
  if (!node) return defaultHost
  if (node.type !== 'string') return undefined
  try {
    return parseHost(node.value)
  } catch {
    return undefined
  }
}

function failed(reason: string): SaveResult {
  return { type: 'failed', reason }
}
