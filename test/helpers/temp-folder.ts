import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A folder of its own for one test, removed when the test ends: after what was registered with `t.after` before. */
export function tempFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
