import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A file system of its own that is soon full. */
export type SmallDisk = {
  readonly folder: string
  /** Changes how much it holds, bytes. */
  resize(bytes: number): void
}

const TMPFS = ['-t', 'tmpfs', 'tmpfs']

/** Why the tests that need a full disk are skipped, or false. */
export const noSmallDisk: string | false = canMount()
  ? false
  : 'skipped: a file system can be mounted by root on Linux alone'

/** Mounts a file system of so many bytes, which is gone when the test ends. */
export function mountSmallDisk(t: TestContext, bytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-disk-'))
  run('mount', ['-o', `size=${bytes}`, ...TMPFS, folder])
  t.after(() => {
    // Lazily, so that files which a failed test left open do not keep it.
    run('umount', ['-l', folder])
    rmdirSync(folder)
  })
  return {
    folder,
    resize: (size) => run('mount', ['-o', `remount,size=${size}`, folder]),
  }
}

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  // A container's root may lack the right; in a namespace of its own, nothing is left behind.
  const args = ['-m', 'mount', ...TMPFS, '/mnt']
  return spawnSync('unshare', args, { stdio: 'ignore' }).status === 0
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}
