import assert from 'node:assert/strict'
import { lutimes, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type LockOptions, takeLock } from '../../src/input/file-lock.js'
import { tempDir } from '../helpers/input.js'

const OWNER = { pid: process.pid, isAlive: () => true }

async function lockPath(t: TestContext): Promise<string> {
  return join(await tempDir(t), 'lock')
}

let aside = 0
function take(path: string, options: Partial<LockOptions> = {}) {
  return takeLock(path, { owner: OWNER, asidePath: `${path}.${aside++}`, ...options })
}

test('a lock is held by one at a time, also where all of them find a stale one', async (t) => {
  const path = await lockPath(t)
  await symlink(JSON.stringify({ pid: 1, host: 'another machine', run: 'x' }), path)
  const longAgo = new Date(Date.now() - 60_000)
  await lutimes(path, longAgo, longAgo)
  let inside = 0
  let turns = 0
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      const release = await take(path)
      assert.ok(release)
      inside++
      assert.equal(inside, 1)
      await new Promise(setImmediate)
      inside--
      turns++
      await release()
    }),
  )
  assert.equal(turns, 12)
  assert.deepEqual(await readdir(dirname(path)), [])
})

test('a lock that is held is waited for, but not for ever', async (t) => {
  const path = await lockPath(t)
  const release = await take(path)
  assert.ok(release)
  assert.equal(await take(path, { waitMs: 60 }), undefined)
  const next = take(path)
  await release()
  const releaseNext = await next
  assert.ok(releaseNext)
  await releaseNext()
})

test('a file in the place of the lock holds nobody up for ever', async (t) => {
  const path = await lockPath(t)
  await writeFile(path, 'not ours')
  await utimes(path, 0, 0)
  assert.equal(await take(path, { waitMs: 60 }), undefined)
  assert.deepEqual(await readdir(dirname(path)), ['lock'])
})

test('who was slower than its lock lived does not release the one of somebody else', async (t) => {
  const path = await lockPath(t)
  const slow = await take(path)
  const quick = await take(path, { owner: OWNER, staleMs: -1 })
  assert.ok(slow && quick)
  await slow()
  assert.deepEqual(await readdir(dirname(path)), ['lock'])
  await quick()
  assert.deepEqual(await readdir(dirname(path)), [])
})
