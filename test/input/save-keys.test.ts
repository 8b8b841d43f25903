import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parseHost } from '../../src/net/host.js'
import { leaksIn, makeKey } from '../helpers/keys.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { HOST, inputFile, save, saveAsNobody, simple } from './saving.js'

const ROOT = process.getuid?.() === 0

test('a rewrite changes the values of wsskey and no other byte', async (t) => {
  const [before, after, other] = [makeKey('before'), makeKey('after'), makeKey('other')]
  const text = (key: string) =>
    `\ufeff{\r\n\t"note": "${before}", "caf\\u00e9": "\\/ü",\r\n  "customers" : {\r\n` +
    `   "Z": { "topic":"audit" ,"wsskey"  :\t"${key}", "x": {"wsskey": "${before}"} },\r\n\r\n` +
    `   "A":{"wsskey":"${other}"}, "B":{"username":"${before}","wsskey":"${key}"}, "C": 5 } }`
  for (const end of ['', '\r\n', '\n\n']) {
    const path = await inputFile(t, text(before) + end)
    const result = await save(path, before, after)
    assert.deepEqual(result, { type: 'saved', written: true })
    assert.equal(await readFile(path, 'utf8'), text(after) + end)
  }
})

test('a key that is spelled with escapes is found', async (t) => {
  const [before, after] = [makeKey('before'), makeKey('after')]
  const path = await inputFile(t, simple(before.replaceAll('e', '\\u0065')))
  assert.equal((await save(path, before, after)).type, 'saved')
  assert.equal(await readFile(path, 'utf8'), simple(after))
})

test('only entries on the host of the renewal get the new key', async (t) => {
  const [before, after] = [makeKey('before'), makeKey('after')]
  const entry = (key: string, hostname?: string) => ({ wsskey: key, topic: 'audit', hostname })
  const text = (eu: string) =>
    JSON.stringify({
      customers: {
        us: entry(before),
        us2: entry(before, 'wss://US.example/streaming/api'),
        eu: entry(eu, 'eu.example'),
        wrong: entry(before, 'ftp://eu.example'),
      },
    })
  const path = await inputFile(t, text(before))
  const result = await save(path, before, after, parseHost('eu.example'))
  assert.deepEqual(result, { type: 'saved', written: true })
  assert.equal(await readFile(path, 'utf8'), text(after))
})

test('what another process or an editor changed meanwhile stays', async (t) => {
  const [before, after, pasted] = [makeKey('before'), makeKey('after'), makeKey('pasted')]
  const path = await inputFile(t, simple(pasted))
  assert.deepEqual(await save(path, before, after), {
    type: 'saved',
    written: false,
  })
  assert.equal(await readFile(path, 'utf8'), simple(pasted))
  await writeFile(path, simple(after))
  assert.deepEqual(await save(path, before, after), {
    type: 'saved',
    written: false,
  })
})

test('mode and owner are kept, and nothing is left beside the file', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await inputFile(t, simple(a))
  await chmod(path, 0o640)
  if (ROOT) await chown(path, 65534, 65533)
  else t.diagnostic('not run as root: the owner is the only one there is')
  const old = await stat(path)
  await save(path, a, b)
  const now = await stat(path)
  assert.notEqual(now.ino, old.ino)
  assert.deepEqual([now.mode, now.uid, now.gid], [old.mode, old.uid, old.gid])
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
})

test('a symbolic link stays one, and the file that it leads to is rewritten', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await inputFile(t, simple(a))
  const folder = join(dirname(path), 'links')
  await mkdir(folder)
  const link = join(folder, 'link.json')
  await symlink('../input.json', link)
  assert.equal((await save(link, a, b)).type, 'saved')
  assert.ok((await lstat(link)).isSymbolicLink())
  assert.equal(await readlink(link), '../input.json')
  assert.equal(await readFile(path, 'utf8'), simple(b))
  assert.deepEqual(await readdir(folder), ['link.json'])
})

test('a lock that was left behind is taken over, with the files of killed runs', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await inputFile(t, simple(a))
  const dead = spawnSync(process.execPath, ['--version']).pid
  const { hostname } = await import('node:os')
  const lock = join(dirname(path), '.input.json.aruba-stream.lock')
  const leftover = join(dirname(path), `.input.json.aruba-stream.${'0'.repeat(24)}.tmp`)
  const stranger = join(dirname(path), '.input.json.swp')
  await writeFile(leftover, 'half')
  await writeFile(stranger, 'an editor')
  const isAlive = (pid: number) => pid !== dead
  const holder = (pid: number) => JSON.stringify({ pid, host: hostname(), run: 'another' })
  for (const [before, after, pid] of [
    [a, b, dead],
    // The number of this process, but of one before it: a container that started anew.
    [b, a, process.pid],
  ] as const) {
    await symlink(holder(pid), lock)
    const result = await save(path, before, after, HOST, isAlive)
    assert.equal(result.type, 'saved')
    assert.equal(await readFile(path, 'utf8'), simple(after))
  }
  assert.deepEqual((await readdir(dirname(path))).sort(), ['.input.json.swp', 'input.json'])
})

test('a file that cannot be rewritten is reported and left alone', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const reason = async (path: string) => {
    const result = await save(path, a, b)
    assert.equal(result.type, 'failed')
    const text = result.type === 'failed' ? result.reason : ''
    assert.deepEqual(leaksIn(text), [])
    return text
  }
  const path = await inputFile(t, `{"customers": {"A": {"wsskey": "${a}", `)
  assert.equal(await reason(path), 'it is no valid input file now')
  assert.match(await reason(join(dirname(path), 'gone.json')), /ENOENT/)
  assert.equal(await reason(dirname(path)), 'it is not a regular file')
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
})

test('in a folder that cannot be written the file is written in place', async (t) => {
  const [a, b] = [makeKey('a'), `${makeKey('b')}longer`]
  const path = await inputFile(t, simple(a))
  await chmod(path, 0o666)
  await chmod(dirname(path), 0o555)
  const { ino } = await stat(path)
  for (const [before, after] of [
    [a, b],
    [b, a],
  ] as const) {
    const result = await saveAsNobody(path, before, after)
    assert.equal(result.type, 'saved', JSON.stringify(result))
    assert.equal(await readFile(path, 'utf8'), simple(after))
  }
  assert.equal((await stat(path)).ino, ino)
  await chmod(dirname(path), 0o755)
})

test('a file that cannot be written at all is reported and left alone', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await inputFile(t, simple(a), { mode: 0o444 })
  await chmod(path, 0o444)
  await chmod(dirname(path), 0o555)
  const result = await saveAsNobody(path, a, b)
  assert.match(result.type === 'failed' ? result.reason : '', /EACCES/)
  assert.equal(await readFile(path, 'utf8'), simple(a))
  await chmod(dirname(path), 0o755)
})

test('a file of another owner keeps him, where the folder could be written', async (t) => {
  if (!ROOT) return t.skip('only root can make a file of another owner')
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await inputFile(t, simple(a))
  await chmod(path, 0o666)
  await chmod(dirname(path), 0o777)
  const result = await saveAsNobody(path, a, b)
  assert.equal(result.type, 'saved')
  assert.equal((await stat(path)).uid, 0)
  assert.equal(await readFile(path, 'utf8'), simple(b))
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
})

test('a file that is mounted alone is written in place', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  let mounted = ''
  // Before its folder is removed.
  t.after(() => spawnSync('umount', [mounted]))
  const folder = tempFolder(t)
  mounted = join(folder, 'input.json')
  const [source, path] = [join(folder, 'source.json'), join(folder, 'input.json')]
  await writeFile(source, simple(a))
  await writeFile(path, '')
  if (spawnSync('mount', ['--bind', source, path]).status !== 0) {
    return t.skip('this user cannot mount')
  }
  assert.equal((await save(path, a, b)).type, 'saved')
  assert.equal(await readFile(source, 'utf8'), simple(b))
  assert.deepEqual((await readdir(folder)).sort(), ['input.json', 'source.json'])
})
