import assert from 'node:assert/strict'
import { watch, writeFileSync } from 'node:fs'
import {
  chmod,
  lutimes,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { replaceFile } from '../../src/input/replace-file.js'
import { makeKey } from '../helpers/keys.js'
import { runAsNobody } from '../helpers/nobody.js'
import { mountSmallDisk, noSmallDisk } from '../helpers/small-disk.js'
import { inputFile, save, saveAsNobody, simple } from './saving.js'

const PAGE = 4096

/** A text that ends a few bytes before the end of a page. */
function pageOf(key: string, spare: number, pages = 1): string {
  const missing = pages * PAGE - spare - simple(key, ', "note": ""').length
  return simple(key, `, "note": "${'x'.repeat(missing)}"`)
}

test('a full disk leaves the file as it was, in a folder that cannot be written', {
  skip: noSmallDisk,
}, async (t) => {
  const [a, b] = [makeKey('a'), `${makeKey('b')}${'longer'.repeat(20)}`]
  const { folder } = mountSmallDisk(t, PAGE)
  const text = pageOf(a, 50)
  const path = await inputFile(t, text, { mode: 0o666, folder })
  await chmod(path, 0o666)
  await chmod(folder, 0o555)
  assert.deepEqual(await saveAsNobody(path, a, b), {
    type: 'failed',
    reason: 'the disk is full (ENOSPC)',
  })
  assert.equal(await readFile(path, 'utf8'), text)
})

test('on a full disk a key that is not longer is still written in place', {
  skip: noSmallDisk,
}, async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const { folder } = mountSmallDisk(t, PAGE)
  const path = await inputFile(t, pageOf(a, 50), { mode: 0o666, folder })
  await chmod(path, 0o666)
  await chmod(folder, 0o555)
  const result = await saveAsNobody(path, a, b)
  assert.equal(result.type, 'saved', JSON.stringify(result))
  assert.equal(await readFile(path, 'utf8'), pageOf(a, 50).replace(a, b))
})

test('a full disk leaves the file as it was, where it would be replaced', {
  skip: noSmallDisk,
}, async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const { folder } = mountSmallDisk(t, PAGE)
  const path = await inputFile(t, simple(a), { folder })
  assert.deepEqual(await save(path, a, b), { type: 'failed', reason: 'the disk is full (ENOSPC)' })
  assert.equal(await readFile(path, 'utf8'), simple(a))
  assert.deepEqual(await readdir(folder), ['input.json'])
})

test('a file whose name is as long as names can be is replaced as any other', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const name = `${'n'.repeat(250)}.json`
  const path = await inputFile(t, simple(a), { name })
  const { ino } = await stat(path)
  assert.deepEqual(await save(path, a, b), { type: 'saved', written: true })
  assert.notEqual((await stat(path)).ino, ino)
  assert.equal(await readFile(path, 'utf8'), simple(b))
  assert.deepEqual(await readdir(dirname(path)), [name])
})

test('two processes with a file of the longest name share one lock', async (t) => {
  const [a, b, c] = [makeKey('a'), makeKey('b'), makeKey('c')]
  const text = (one: string, two: string) =>
    `{"customers": {"A": {"wsskey": "${one}"}, "B": {"wsskey": "${two}"}}}`
  const path = await inputFile(t, text(a, b), { name: `${'n'.repeat(250)}.json` })
  await Promise.all([save(path, a, c), save(path, b, c)])
  assert.equal(await readFile(path, 'utf8'), text(c, c))
})

test('a lock that another program planted does not keep a renewal from being saved', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await inputFile(t, simple(a))
  const lock = join(dirname(path), '.input.json.aruba-stream.lock')
  await symlink('planted', lock)
  await lutimes(lock, 1, 1)
  assert.equal((await save(path, a, b)).type, 'saved')
  await writeFile(lock, 'planted')
  assert.equal((await save(path, b, a)).type, 'saved')
  assert.equal(await readFile(path, 'utf8'), simple(a))
})

test('an edit of the same length in the same tick of the clock is not overwritten', async (t) => {
  const [a, b, edited] = [makeKey('a'), makeKey('b'), makeKey('c')]
  assert.equal(a.length, edited.length)
  const path = await inputFile(t, simple(a))
  await utimes(path, 1000, 1000)
  const before = {
    bytes: await readFile(path),
    stats: await stat(path, { bigint: true }),
    isWhole: () => true,
  }
  await writeFile(path, simple(edited))
  await utimes(path, 1000, 1000)
  const replacing = replaceFile(path, Buffer.from(simple(b)), before)
  await assert.rejects(replacing, /another program keeps changing it/)
  assert.equal(await readFile(path, 'utf8'), simple(edited))
})

test('an edit of a file that is written in place is not overwritten', async (t) => {
  const [a, b, edited] = [makeKey('a'), makeKey('b'), makeKey('c')]
  const path = await inputFile(t, simple(a))
  await chmod(path, 0o666)
  await chmod(dirname(path), 0o555)
  const said = await runAsNobody(
    new URL('../../src/input/replace-file.js', import.meta.url),
    `const { readFileSync, statSync, writeFileSync } = await import('node:fs')
    const [path, text, edit] = args
    const before = {
      bytes: readFileSync(path), stats: statSync(path, { bigint: true }), isWhole: () => true,
    }
    writeFileSync(path, edit)
    await module.replaceFile(path, Buffer.from(text), before).catch((error) => {
      console.log(error.message)
    })`,
    [path, simple(b), simple(edited)],
  )
  assert.match(said, /another program keeps changing it/)
  assert.equal(await readFile(path, 'utf8'), simple(edited))
  await chmod(dirname(path), 0o755)
})

/** Waits as long as so many operations on files take: a rewrite is made of some dozens. */
async function fileOperations(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await stat('.')
}

test('what an editor writes while a key is saved is never lost', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await inputFile(t, simple(a))
  for (let edit = 0; edit < 60; edit++) {
    const note = `, "note": ${edit}`
    await writeFile(path, simple(a))
    // The editor writes into the file at any moment of the rewrite.
    const saving = save(path, a, b)
    await fileOperations(edit)
    await writeFile(path, simple(a, note))
    await saving
    const now = await readFile(path, 'utf8')
    assert.ok(
      [simple(a, note), simple(b, note)].includes(now),
      `edit ${edit} is lost: ${now.length}`,
    )
  }
})

test('what an editor writes into the file that is about to be replaced is taken over', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await inputFile(t, simple(a))
  let edits = 0
  const watcher = watch(dirname(path), (_, name) => {
    // The temporary file stands there: the rename comes next.
    if (!name?.endsWith('.tmp') || edits > 0) return
    edits++
    writeFileSync(path, simple(a, `, "note": ${edits}`))
  })
  t.after(() => watcher.close())
  assert.deepEqual(await save(path, a, b), { type: 'saved', written: true })
  assert.equal(edits, 1)
  const now = await readFile(path, 'utf8')
  assert.ok([a, b].map((key) => simple(key, ', "note": 1')).includes(now))
})

test('a file that an editor is just writing is waited for', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await inputFile(t, '')
  for (let moment = 0; moment < 20; moment++) {
    writeFileSync(path, simple(a).slice(0, 30))
    const saving = save(path, a, b)
    await fileOperations(moment)
    // At once: a busy disk would take longer than the editor is waited for.
    writeFileSync(path, simple(a))
    assert.deepEqual(await saving, { type: 'saved', written: true })
    assert.equal(await readFile(path, 'utf8'), simple(b))
  }
})
