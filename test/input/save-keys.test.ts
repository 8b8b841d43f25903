import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseHost } from '../../src/host.js'
import { type SaveResult, saveKeys } from '../../src/input/save-keys.js'
import { Secret } from '../../src/secret.js'
import { tempDir } from '../helpers/input.js'
import { leaksIn, makeKey } from '../helpers/keys.js'
import { runAsNobody } from '../helpers/nobody.js'
import { seededRandom } from '../helpers/random.js'

const HOST = parseHost('us.example')
const OWNER = { pid: process.pid, isAlive: () => true }
const ROOT = process.getuid?.() === 0

function renewal(before: string, after: string, host = HOST) {
  return { host, before: new Secret(before), after: new Secret(after) }
}

function save(path: string, before: string, after: string, host = HOST): Promise<SaveResult> {
  const renewals = [renewal(before, after, host)]
  return saveKeys({ path, renewals, defaultHost: HOST, owner: OWNER })
}

/** A result with its set as a list. */
function plain(result: SaveResult) {
  return result.type === 'saved' ? { ...result, holders: [...result.holders] } : result
}

async function inputFile(t: TestContext, text: string, mode = 0o600): Promise<string> {
  const path = join(await tempDir(t), 'input.json')
  await writeFile(path, text, { mode })
  return path
}

function simple(key: string): string {
  return `{"customers": {"A": {"wsskey": "${key}", "topic": "audit"}}}\n`
}

test('a rewrite changes the values of wsskey and no other byte', async (t) => {
  const [before, after, other] = [makeKey('before'), makeKey('after'), makeKey('other')]
  const text = (key: string) =>
    `\ufeff{\r\n\t"note": "${before}", "caf\\u00e9": "\\/ü",\r\n  "customers" : {\r\n` +
    `   "Z": { "topic":"audit" ,"wsskey"  :\t"${key}", "x": {"wsskey": "${before}"} },\r\n\r\n` +
    `   "A":{"wsskey":"${other}"}, "B":{"username":"${before}","wsskey":"${key}"}, "C": 5 } }`
  for (const end of ['', '\r\n', '\n\n']) {
    const path = await inputFile(t, text(before) + end)
    const result = await save(path, before, after)
    assert.deepEqual(plain(result), { type: 'saved', written: true, holders: ['Z', 'B'] })
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
  assert.deepEqual(plain(result), { type: 'saved', written: true, holders: ['eu'] })
  assert.equal(await readFile(path, 'utf8'), text(after))
})

test('what another process or an editor changed meanwhile stays', async (t) => {
  const [before, after, pasted] = [makeKey('before'), makeKey('after'), makeKey('pasted')]
  const path = await inputFile(t, simple(pasted))
  assert.deepEqual(plain(await save(path, before, after)), {
    type: 'saved',
    written: false,
    holders: [],
  })
  assert.equal(await readFile(path, 'utf8'), simple(pasted))
  await writeFile(path, simple(after))
  assert.deepEqual(plain(await save(path, before, after)), {
    type: 'saved',
    written: false,
    holders: ['A'],
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
    const started = performance.now()
    const renewals = [renewal(before, after)]
    const owner = { pid: process.pid, isAlive }
    const result = await saveKeys({ path, renewals, defaultHost: HOST, owner })
    assert.equal(result.type, 'saved')
    assert.ok(performance.now() - started < 2000)
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
  assert.equal(await reason(dirname(path)), 'it is no regular file')
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
})

/** Saves a renewal as a user without rights, who owns neither the file nor its folder where root runs this. */
async function saveAsNobody(path: string, before: string, after: string): Promise<SaveResult> {
  const said = await runAsNobody(
    new URL('./save-keys-child.ts', import.meta.url),
    'console.log(JSON.stringify(await module.saveOnce(...args)))',
    [path, before, after],
  )
  return JSON.parse(said)
}

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
  const path = await inputFile(t, simple(a), 0o444)
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
  const folder = await mkdtemp(join(tmpdir(), 'aruba-stream-mount-'))
  t.after(async () => {
    spawnSync('umount', [join(folder, 'input.json')])
    await rm(folder, { recursive: true, force: true })
  })
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

/** A process that rewrites keys, as it is built: that starts quickly. */
function rewriter(t: TestContext, path: string, keys: readonly string[], rounds: number) {
  const url = (name: string) => JSON.stringify(new URL(`../../dist/${name}`, import.meta.url).href)
  const script = `
    import { saveKeys } from ${url('input/save-keys.js')}
    import { Secret } from ${url('secret.js')}
    const isAlive = (pid) => {
      try { return process.kill(pid, 0) } catch { return false }
    }
    const owner = { pid: process.pid, isAlive }
    const defaultHost = { authority: 'us.example', secure: true }
    const keys = ${JSON.stringify(keys)}.map((key) => new Secret(key))
    let at = 0
    for (let round = 0; round < ${rounds}; round++) {
      const [before, after] = [keys[at % keys.length], keys[(at + 1) % keys.length]]
      const renewals = [{ host: defaultHost, before, after }]
      const result = await saveKeys({ path: ${JSON.stringify(path)}, renewals, defaultHost, owner })
      if (result.type !== 'saved') throw new Error(result.reason)
      at++
      if (round === 0) process.stdout.write('x')
    }`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function outcome(child: ChildProcess): Promise<string> {
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const [code, signal] = await once(child, 'close')
  return `${signal ?? code}${said}`
}

test('two processes that rewrite the same file at once lose nothing', async (t) => {
  const rounds = 60
  const chains = ['a', 'b'].map((name) =>
    Array.from({ length: rounds + 1 }, (_, n) => makeKey(`${name}${n}`)),
  )
  const text = (at: number) =>
    JSON.stringify({
      customers: { A: { wsskey: chains[0]?.[at] }, B: { wsskey: chains[1]?.[at] } },
    })
  const path = await inputFile(t, text(0))
  const children = chains.map((keys) => rewriter(t, path, keys, rounds))
  assert.deepEqual(await Promise.all(children.map(outcome)), ['0', '0'])
  assert.equal(await readFile(path, 'utf8'), text(rounds))
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
})

test('killed at any of 200 moments, the file is whole', async (t) => {
  const random = seededRandom(11)
  const pairs = [0, 1].map((n) => [makeKey(`old${n}`), makeKey(`new${n}`)] as const)
  const text = (first?: string, second?: string) =>
    `{ "customers": {\n  "A": {"wsskey": "${first}"},\n  "B": {"wsskey": "${second}"}\n} }`
  const [one = [], two = []] = pairs
  const whole = new Set(one.flatMap((a) => two.map((b) => text(a, b))))
  const path = await inputFile(t, text(one[0], two[0]))
  const seen = new Set<string>()

  async function killRepeatedly(keys: readonly string[]) {
    for (let kill = 0; kill < 100; kill++) {
      const child = rewriter(t, path, keys, 1_000_000)
      const ended = outcome(child)
      await Promise.race([once(child.stdout, 'data'), ended])
      const until = performance.now() + 5 * random()
      while (performance.now() < until) await new Promise(setImmediate)
      child.kill('SIGKILL')
      assert.equal(await ended, 'SIGKILL')
      const now = await readFile(path, 'utf8')
      assert.ok(whole.has(now), `after kill ${kill} the file is not whole`)
      seen.add(now)
    }
  }
  await Promise.all(pairs.map(killRepeatedly))
  assert.ok(seen.size > 1)
  // Whoever comes next clears away what the last ones left.
  await writeFile(path, simple(one[0] ?? ''))
  const owner = { pid: process.pid, isAlive: () => false }
  const renewals = [renewal(one[0] ?? '', one[1] ?? '')]
  assert.equal((await saveKeys({ path, renewals, defaultHost: HOST, owner })).type, 'saved')
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
})
