import assert from 'node:assert/strict'
import { chmod, lchown, lutimes, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type LockOwner, takeLock } from '../../src/input/file-lock.js'
import { runAsNobody } from '../helpers/nobody.js'
import { tempFolder } from '../helpers/temp-folder.js'

const OWNER = { pid: process.pid, isAlive: () => true }

async function lockPath(t: TestContext): Promise<string> {
  return join(tempFolder(t), 'lock')
}

let aside = 0
function take(path: string, owner: LockOwner = OWNER) {
  return takeLock(path, { owner, asidePath: `${path}.${aside++}` })
}

async function makeOld(path: string): Promise<void> {
  const longAgo = new Date(Date.now() - 60_000)
  await lutimes(path, longAgo, longAgo)
}

/** Time that goes on with each look at it, so that a wait is a matter of turns. */
function quickTime(t: TestContext): { elapsed(): number; restore(): void } {
  let ms = 0
  const now = t.mock.method(performance, 'now', () => (ms += 500))
  return { elapsed: () => now.mock.callCount() * 500, restore: () => now.mock.restore() }
}

test('a lock is held by one at a time, also where all of them find a stale one', async (t) => {
  const path = await lockPath(t)
  await symlink(JSON.stringify({ pid: 1, host: 'another machine', run: 'x' }), path)
  await makeOld(path)
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
  const { elapsed, restore } = quickTime(t)
  assert.equal(await take(path), undefined)
  assert.equal(elapsed(), 10_500)
  restore()
  const next = take(path)
  await release()
  const releaseNext = await next
  assert.ok(releaseNext)
  await releaseNext()
})

test('a lock of a process that is gone is taken over at once', async (t) => {
  const path = await lockPath(t)
  const holder = (pid: number) => JSON.stringify({ pid, host: hostname(), run: 'another' })
  const owner = { pid: process.pid, isAlive: (pid: number) => pid !== 4_000_000 }
  const { elapsed } = quickTime(t)
  // The second has the number of this process: a container that started again.
  for (const pid of [4_000_000, process.pid]) {
    await symlink(holder(pid), path)
    const before = elapsed()
    const release = await take(path, owner)
    assert.ok(release)
    assert.equal(elapsed() - before, 1000, 'after one look')
    await release()
  }
  assert.deepEqual(await readdir(dirname(path)), [])
})

test('what is no lock in the place of the lock is not waited for', async (t) => {
  const path = await lockPath(t)
  await writeFile(path, 'not ours')
  const { elapsed } = quickTime(t)
  assert.equal(await take(path), undefined)
  await rm(path)
  await mkdir(path)
  assert.equal(await take(path), undefined)
  assert.equal(elapsed(), 2000, 'one look each')
  assert.deepEqual(await readdir(dirname(path)), ['lock'])
})

test('a lock of another user is waited for a short time, and not at all when it is old', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can make a lock of another user')
  const path = await lockPath(t)
  // As in /tmp: everybody can make files, and remove their own.
  await chmod(dirname(path), 0o1777)
  await symlink('planted', path)
  await lchown(path, 1234, 1234)
  assert.equal(await takeAsNobody(path), 'not taken after 1000 ms')
  await lutimes(path, 1, 1)
  assert.equal(await takeAsNobody(path), 'not taken after 500 ms')
  assert.deepEqual(await readdir(dirname(path)), ['lock'])
})

/** Takes a lock as a user without rights. Time goes on with each look at it. */
async function takeAsNobody(path: string): Promise<string> {
  const said = await runAsNobody(
    new URL('../../src/input/file-lock.js', import.meta.url),
    `const owner = { pid: process.pid, isAlive: () => true }
    const [path] = args
    let ms = -500
    performance.now = () => (ms += 500)
    const taken = await module.takeLock(path, { owner, asidePath: path + '.aside' })
    console.log((taken ? 'taken' : 'not taken') + ' after ' + ms + ' ms')`,
    [path],
  )
  return said.trim()
}

test('a lock that was taken over is not released by its first holder', async (t) => {
  const path = await lockPath(t)
  const slow = await take(path)
  await makeOld(path)
  const quick = await take(path)
  assert.ok(slow && quick)
  await slow()
  assert.deepEqual(await readdir(dirname(path)), ['lock'])
  await quick()
  assert.deepEqual(await readdir(dirname(path)), [])
})
