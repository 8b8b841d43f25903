import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A folder of its own for one test, removed when the test ends: after what was registered with `t.after` before. */
export function tempFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-'))
  // A program that still runs may make a file in it meanwhile.
  const patience = { maxRetries: 20, retryDelay: 50 }
  t.after(() => rmSync(folder, { recursive: true, force: true, ...patience }))
  return folder
}
