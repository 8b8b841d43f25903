import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type TestContext, test } from 'node:test'
import { saveKeys } from '../../src/input/save-keys.js'
import { parseHost } from '../../src/net/host.js'
import { Secret } from '../../src/secret.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { seededRandom } from '../helpers/random.js'
import { LOADER, sized } from '../helpers/settings.js'

/** A kill comes so many turns of the event loop after the first rewrite, at most. */
const MOST_TURNS = 1000
/** Each takes the start of a process, 0.1 s of a core. */
const KILLS = sized(8, 400)

/** A process that rewrites keys. */
function rewriter(t: TestContext, path: string, keys: readonly string[], rounds: number) {
  const url = (name: string) => JSON.stringify(new URL(`../../src/${name}`, import.meta.url).href)
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
      const [from, to] = [keys[at % keys.length], keys[(at + 1) % keys.length]]
      const renewals = [{ host: defaultHost, from, to }]
      const result = await saveKeys({
        path: ${JSON.stringify(path)}, renewals, defaultHost, owner, properties: ['wsskey'],
      })
      if (result.type !== 'saved') throw new Error(result.reason)
      at++
      if (round === 0) process.stdout.write('x')
    }`
  const child = spawn(process.execPath, [...LOADER, '--input-type=module', '--eval', script], {
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
  const rounds = sized(16, 400)
  const chains = ['a', 'b'].map((name) =>
    Array.from({ length: rounds + 1 }, (_, n) => makeKey(`${name}${n}`)),
  )
  const text = (at: number) =>
    JSON.stringify({
      customers: { A: { wsskey: chains[0]?.[at] }, B: { wsskey: chains[1]?.[at] } },
    })
  const path = await writeInput(t, text(0))
  const children = chains.map((keys) => rewriter(t, path, keys, rounds))
  assert.deepEqual(await Promise.all(children.map(outcome)), ['0', '0'])
  assert.equal(await readFile(path, 'utf8'), text(rounds))
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
})

test(`killed at any of ${KILLS} moments, the file is whole`, async (t) => {
  const random = seededRandom(11)
  const pairs = [0, 1].map((n) => [makeKey(`old${n}`), makeKey(`new${n}`)] as const)
  const text = (first?: string, second?: string) =>
    `{ "customers": {\n  "A": {"wsskey": "${first}"},\n  "B": {"wsskey": "${second}"}\n} }`
  const [one = [], two = []] = pairs
  const whole = new Set(one.flatMap((a) => two.map((b) => text(a, b))))
  const path = await writeInput(t, text(one[0], two[0]))
  const seen = new Set<string>()

  async function killRepeatedly(keys: readonly string[]) {
    // On a busy machine the first kills may all come before a rewrite.
    const isEnough = (kills: number) => kills >= KILLS / 2 && (seen.size > 1 || kills >= 10 * KILLS)
    for (let kill = 0; !isEnough(kill); kill++) {
      const child = rewriter(t, path, keys, 1_000_000)
      const ended = outcome(child)
      await Promise.race([once(child.stdout, 'data'), ended])
      for (let turns = MOST_TURNS * random(); turns > 0; turns--) await new Promise(setImmediate)
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
  const [before = '', after = ''] = one
  await writeFile(path, text(before, two[0]))
  const defaultHost = parseHost('us.example')
  const renewals = [{ host: defaultHost, from: new Secret(before), to: new Secret(after) }]
  const owner = { pid: process.pid, isAlive: () => false }
  const properties = ['wsskey']
  assert.equal((await saveKeys({ path, renewals, defaultHost, owner, properties })).type, 'saved')
  assert.equal(await readFile(path, 'utf8'), text(after, two[0]))
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
})
