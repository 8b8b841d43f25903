import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { EntryKey, KeyEntry } from '../../src/classic/entry-key.js'
import { KeyStore } from '../../src/classic/keys.js'
import { type Validation, validateKey } from '../../src/classic/validate-key.js'
import { StreamError } from '../../src/errors.js'
import type { Renewal } from '../../src/input/save-keys.js'
import { type LogLevel, loggerTo } from '../../src/log.js'
import { type Host, parseHost } from '../../src/net/host.js'
import { createLimiter } from '../../src/net/limiter.js'
import { collapseRepeats } from '../../src/report/collapse-repeats.js'
import { Secret } from '../../src/secret.js'
import type { Central, CentralOptions } from '../../src/simulator/central.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { leaksIn, makeKey } from '../helpers/keys.js'

const never = new AbortController().signal

/** A store in front of a stand-in for Central, and a file that is a map. */
async function setUp(t: TestContext, options: CentralOptions = {}) {
  const central = await startCentral(t, options)
  const host = parseHost(central.url)
  const file = new Map<string, Secret>()
  const saves: (readonly Renewal[])[] = []
  const lines: { level: LogLevel; text: string }[] = []
  const faults = {
    /** Thrown by readKeys. */
    read: undefined as unknown,
    /** What a reading waits for. */
    reading: Promise.resolve(),
    /** Whether the file can be written. */
    readOnly: false,
    /** What a save waits for. */
    saving: Promise.resolve(),
  }
  let reads = 0
  const store = new KeyStore({
    validate: (at, key, signal) =>
      validateKey({ host: at, key, verifyCertificates: true, userAgent: 'test', signal }),
    limiter: createLimiter(),
    readKeys: async () => {
      reads += 1
      await faults.reading
      if (faults.read !== undefined) throw faults.read
      return new Map(file)
    },
    saveKeys: async (renewals) => {
      saves.push(renewals)
      await faults.saving
      if (faults.readOnly) return
      for (const { from, to } of renewals) {
        for (const [name, key] of file) if (key.equals(from)) file.set(name, to)
      }
    },
    log: loggerTo((level, message, fields) => {
      lines.push({ level, text: inspect({ message, fields }) })
    }),
  })
  t.after(() => assert.deepEqual(leaksIn(inspect([lines, store], { showHidden: true })), []))
  const entry = (name: string, key: string): KeyEntry => {
    file.set(name, new Secret(key))
    return { name, host, key: new Secret(key) }
  }
  return { central, host, store, file, saves, lines, faults, entry, reads: () => reads }
}

type Opened = readonly { readonly entry: KeyEntry; readonly key: EntryKey }[]

/** The entries that are refused, and why. */
const refusals = (opened: Opened) =>
  opened.flatMap(({ entry, key: { refusal } }) =>
    refusal ? `${entry.name} ${refusal.code} ${refusal.status}` : [],
  )

const revealed = (all: readonly { readonly key: Secret | EntryKey }[]) =>
  all.map(({ key }) => ('current' in key ? key.current() : key).reveal())

/** How a promise of the store fails; the error may not show a key. */
async function failure(promise: Promise<unknown>): Promise<StreamError> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof StreamError, inspect(error))
  assert.deepEqual(leaksIn(inspect(error, { depth: Infinity, showHidden: true })), [])
  return error
}

const asked = (central: Central) => central.validations.map(({ key }) => key)

test('entries with the same host and key share one call', async (t) => {
  const { central, store, entry, saves } = await setUp(t)
  const [a, b] = [makeKey('a'), makeKey('b')]
  const entries = [entry('1', a), entry('2', b), entry('3', a), entry('4', a)]
  assert.deepEqual(refusals(await store.open(entries, never)), [])
  assert.deepEqual(asked(central).sort(), [a, b].sort())
  assert.equal(saves.length, 0)
})

test('the same key on two hosts is validated on both', async (t) => {
  const { central, store, entry, saves } = await setUp(t)
  const other = await startCentral(t)
  const [key, renewal] = [makeKey('two hosts'), makeKey('two hosts, renewed')]
  other.keys.renew(key, renewal)
  const [one, two] = [entry('one', key), { ...entry('two', key), host: parseHost(other.url) }]
  const keys = await store.open([one, two], never)
  assert.equal(central.validations.length, 1)
  assert.equal(other.validations.length, 1)
  assert.deepEqual(revealed(keys), [key, renewal])
  assert.deepEqual(
    saves.flat().map(({ host }) => host),
    [two.host],
  )
})

test('all renewals are saved by one rewrite before anything connects', async (t) => {
  const { central, store, entry, saves, file, lines } = await setUp(t)
  const [a, a2, b, b2, c] = ['a', 'a2', 'b', 'b2', 'c'].map((label) => makeKey(label))
  assert.ok(a && a2 && b && b2 && c)
  central.keys.renew(a, a2)
  central.keys.renew(b, b2)
  central.keys.accept(c)
  const entries = [entry('1', a), entry('2', b), entry('3', a), entry('4', c)]
  const opened = await store.open(entries, never)
  assert.equal(saves.length, 1)
  assert.equal(saves[0]?.length, 2)
  const keys = [a2, b2, a2, c]
  assert.deepEqual(revealed(opened), keys)
  assert.deepEqual(
    [...file.values()].map((key) => key.reveal()),
    keys,
  )
  const renewed = lines.filter(({ text }) => text.includes('Central has renewed a key'))
  assert.equal(renewed.length, 2)
  // In the order of the answers.
  for (const key of [a, b]) {
    assert.ok(renewed.some(({ text }) => text.includes(new Secret(key).fingerprint)))
  }
})

test('many renewals of a host are one line, and each has one at debug', async (t) => {
  const { central, store, entry, lines } = await setUp(t)
  const entries = Array.from({ length: 10 }, (_, at) => {
    const [old, renewed] = [makeKey(`old ${at}`), makeKey(`renewed ${at}`)]
    central.keys.renew(old, renewed)
    return [entry(`${at}`, old), entry(`${at} again`, old)]
  }).flat()
  await store.open(entries, never)
  const renewed = lines.filter(({ text }) => text.includes('Central has renewed'))
  const told = renewed.filter(({ level }) => level === 'info')
  assert.equal(told.length, 1)
  assert.match(told[0]?.text ?? '', /Central has renewed 10 keys/)
  assert.equal(renewed.length, 11)
})

test('a refused key refuses its entries, the others go on', async (t) => {
  const { central, store, entry } = await setUp(t)
  const [good, bad] = [makeKey('good'), makeKey('bad')]
  central.keys.accept(good)
  central.keys.refuse(bad, 403)
  const opened = await store.open([entry('1', bad), entry('2', good), entry('3', bad)], never)
  assert.deepEqual(refusals(opened), ['1 key-refused 403', '3 key-refused 403'])
})

test('without an answer there is one warning a host, and the keys stay in use', async (t) => {
  const { central, store, entry, lines, saves } = await setUp(t)
  const body = makeKey('in an answer')
  central.failValidation({ type: 'answer', status: 503, body }, {}, Infinity)
  const entries = [1, 2, 3].map((n) => entry(`e${n}`, makeKey(`unanswered ${n}`)))
  const opened = await store.open(entries, never)
  assert.deepEqual(refusals(opened), [])
  assert.equal(saves.length, 0)
  const warnings = lines.filter(({ level }) => level === 'warn')
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]?.text ?? '', /503.*subscriptions: 3/s)
  assert.deepEqual(revealed(opened), revealed(entries))
})

test('a host that has not answered yet is asked for two keys at a time', async (t) => {
  const { central, store, entry } = await setUp(t)
  const { promise, resolve } = withResolvers()
  central.failValidation({ type: 'hold', until: promise }, {}, Infinity)
  const entries = Array.from({ length: 45 }, (_, n) => entry(`e${n}`, makeKey(`key ${n}`)))
  const done = store.open(entries, never)
  await until(() => central.validations.length >= 2)
  for (let turns = 0; turns < 50; turns += 1) await turn()
  assert.equal(central.validations.length, 2)
  resolve()
  await done
  assert.equal(central.validations.length, 45)
})

/** A store whose hosts do what they are told to; it tells which keys were asked for. */
function setUpHosts(meet: (host: Host, key: Secret, count: number) => Promise<Validation>) {
  const warnings: string[] = []
  const keys: Secret[] = []
  const store = new KeyStore({
    validate: async (host, key, signal) => {
      keys.push(key)
      const count = keys.length
      await turn()
      signal.throwIfAborted()
      return meet(host, key, count)
    },
    limiter: createLimiter(),
    readKeys: async () => new Map(),
    saveKeys: async () => {},
    log: collapseRepeats(
      loggerTo((level, message, fields) => {
        if (level === 'warn') warnings.push(inspect({ message, fields }))
      }),
    ),
  })
  return { store, keys, warnings }
}

const entriesOf = (name: string, count: number): KeyEntry[] =>
  Array.from({ length: count }, (_, n) => ({
    name: `${name} ${n}`,
    host: parseHost(name),
    key: new Secret(makeKey(`${name} ${n}`)),
  }))

test('a host that gives no answer to its first two keys is not asked for the others', async () => {
  const { store, keys, warnings } = setUpHosts(async ({ authority }) => {
    if (authority === 'alive.example') return { type: 'accepted' }
    throw new StreamError('timed-out', `${authority}: no answer`)
  })
  const [dead, alive] = [entriesOf('dead.example', 41), entriesOf('alive.example', 5)]
  assert.deepEqual(refusals(await store.open([...dead, ...alive], never)), [])
  // A third call may have begun by then, and is given up.
  assert.ok(keys.length <= 3 + 5, `${keys.length} calls`)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /dead\.example: no answer.*subscriptions: 41/s)
  await store.open(dead, never)
  assert.ok(keys.length <= 3 + 5 + 3, `${keys.length} calls`)
})

test('two hosts that give no answer are a warning each, which is no repeat of the other', async () => {
  const { store, warnings } = setUpHosts(async ({ authority }) => {
    throw new StreamError('timed-out', `${authority}: no answer`)
  })
  await store.open([...entriesOf('a.example', 2), ...entriesOf('b.example', 2)], never)
  assert.equal(warnings.length, 2)
  for (const [at, name] of ['a.example', 'b.example'].entries()) {
    assert.ok(warnings[at]?.includes(`${name}: no answer`), warnings[at])
  }
})

test('one fault of a key that many entries share gives no host up', async () => {
  const { store, keys } = setUpHosts(async (_host, _key, count) => {
    if (count === 1) throw new StreamError('unreachable', 'nobody there')
    return { type: 'accepted' }
  })
  const [first, ...others] = entriesOf('us.example', 4)
  assert.ok(first)
  const shared = ['a', 'b', 'c'].map((name) => ({ ...first, name }))
  await store.open([...shared, ...others], never)
  assert.equal(keys.length, 4)
})

test('a host that answers at times is asked for every key', async () => {
  const { store, keys } = setUpHosts(async (_host, _key, count) => {
    if (count === 1) throw new StreamError('unavailable', 'busy', { status: 503 })
    throw new StreamError('timed-out', 'no answer')
  })
  await store.open(entriesOf('us.example', 10), never)
  assert.equal(keys.length, 10)
})

test('an abort ends the validation of all keys at once', async (t) => {
  const { central, store, entry } = await setUp(t)
  central.failValidation({ type: 'stall' }, {}, Infinity)
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  const entries = Array.from({ length: 45 }, (_, n) => entry(`e${n}`, makeKey(`aborted ${n}`)))
  const controller = new AbortController()
  const done = store.open([...entries, ...entries], controller.signal)
  await until(() => central.validations.length === 2)
  const reason = new Error('the end')
  controller.abort(reason)
  await assert.rejects(done, reason)
  await until(() => central.connections.open === 0)
  assert.equal(central.validations.length, 2)
  assert.deepEqual(warnings, [])
})

test('a save that hangs does not hold up an abort', async (t) => {
  const { central, store, entry, faults, saves } = await setUp(t)
  const { promise, resolve } = withResolvers()
  faults.saving = promise
  const key = makeKey('slow disk')
  central.keys.renew(key, makeKey('slow disk, renewed'))
  const controller = new AbortController()
  const done = store.open([entry('1', key)], controller.signal)
  await until(() => saves.length === 1)
  controller.abort(new Error('the end'))
  await assert.rejects(done, /the end/)
  resolve()
})

test('after a 401 a key that was put into the file by now is used, without asking Central', async (t) => {
  const { central, store, entry, file, saves } = await setUp(t)
  const [old, pasted] = [makeKey('old'), makeKey('pasted')]
  const source = store.add(entry('1', old))
  file.set('1', new Secret(pasted))
  assert.equal((await source.afterUnauthorized(source.current(), never)).reveal(), pasted)
  assert.equal(source.current().reveal(), pasted)
  assert.equal(central.validations.length, 0)
  assert.equal(saves.length, 0)
})

test('a pasted key of an entry with two topics is told once, however close the 401s come', async (t) => {
  const { store, file, entry, lines } = await setUp(t)
  const [old, pasted] = [makeKey('old'), makeKey('pasted')]
  const both = [store.add(entry('1', old)), store.add(entry('1', old))]
  file.set('1', new Secret(pasted))
  const refused = new Secret(old)
  const used = await Promise.all(both.map((own) => own.afterUnauthorized(refused, never)))
  assert.deepEqual(
    used.map((key) => key.reveal()),
    [pasted, pasted],
  )
  assert.equal(lines.filter(({ text }) => text.includes('has another key now')).length, 1)
})

test('after a 401 the renewal is fetched, saved and used, once for all who share the key', async (t) => {
  const { central, store, entry, file, saves, reads } = await setUp(t)
  const [old, renewal] = [makeKey('old'), makeKey('renewal')]
  const entries = ['1', '2', '3'].map((name) => entry(name, old))
  const sources = (await store.open(entries, never)).map(({ key }) => key)
  central.keys.renew(old, renewal)
  const refused = new Secret(old)
  const [first, second, third] = sources
  assert.ok(first && second && third)
  const [one, two] = await Promise.all([
    first.afterUnauthorized(refused, never),
    second.afterUnauthorized(refused, never),
  ])
  assert.deepEqual([one.reveal(), two.reveal()], [renewal, renewal])
  assert.equal(third.current().reveal(), renewal)
  assert.equal((await third.afterUnauthorized(refused, never)).reveal(), renewal)
  assert.equal(central.validations.length, 2)
  assert.deepEqual([saves.length, reads()], [1, 1])
  for (const key of file.values()) assert.equal(key.reveal(), renewal)
})

test('where the validation says that the key is good, the entry waits, which is said', async (t) => {
  const { store, entry } = await setUp(t)
  const source = store.add(entry('1', makeKey('good')))
  const error = await failure(source.afterUnauthorized(source.current(), never))
  assert.deepEqual([error.code, error.retry], ['still-unauthorized', true])
  assert.match(error.message, /401 .*although its validation says that the key is good/)
})

test('a key that its validation refuses, too, is refused', async (t) => {
  const { central, store, entry } = await setUp(t)
  const key = makeKey('refused')
  central.keys.refuse(key)
  const source = store.add(entry('1', key))
  const error = await failure(source.afterUnauthorized(source.current(), never))
  assert.equal(error.code, 'key-refused')
})

test('where the validation after a 401 gets no answer, the next 401 asks again', async (t) => {
  const { central, store, entry } = await setUp(t)
  const [old, renewal] = [makeKey('old'), makeKey('renewal')]
  central.keys.renew(old, renewal)
  const headers = { 'Retry-After': '3' }
  central.failValidation({ type: 'answer', status: 503, headers })
  const source = store.add(entry('1', old))
  const error = await failure(source.afterUnauthorized(source.current(), never))
  assert.deepEqual([error.code, error.retry, error.retryAfterMs], ['unavailable', true, 3000])
  assert.equal(source.current().reveal(), old)
  assert.equal((await source.afterUnauthorized(source.current(), never)).reveal(), renewal)
})

test('a file that is wrong now is passed over', async (t) => {
  const { central, store, entry, faults, lines } = await setUp(t)
  const [old, renewal] = [makeKey('old'), makeKey('renewal')]
  central.keys.renew(old, renewal)
  const source = store.add(entry('1', old))
  faults.read = new StreamError('input-invalid', 'input.json: not JSON')
  assert.equal((await source.afterUnauthorized(source.current(), never)).reveal(), renewal)
  assert.deepEqual(
    lines.filter(({ text }) => text.includes('not JSON')).map(({ level }) => level),
    ['debug'],
  )
})

test('an old key in a file that cannot be written is not taken for a new one', async (t) => {
  const { central, store, entry, file, faults } = await setUp(t)
  const keys = ['a', 'b', 'c', 'd'].map((label) => makeKey(label))
  const [a = '', b = '', c = '', d = ''] = keys
  central.keys.renew(a, b)
  const one = entry('1', a)
  const source = (await store.open([one], never))[0]?.key
  assert.ok(source)
  faults.readOnly = true
  central.keys.renew(b, c)
  assert.equal((await source.afterUnauthorized(source.current(), never)).reveal(), c)
  central.keys.renew(c, d)
  assert.equal((await source.afterUnauthorized(source.current(), never)).reveal(), d)
  assert.equal(file.get('1')?.reveal(), b)
})

test('renewals that come while the file is written are saved together', async (t) => {
  const { central, store, entry, faults, saves, file } = await setUp(t)
  const keys = Array.from({ length: 8 }, (_, n) => makeKey(`old ${n}`))
  const renewals = keys.map((_, n) => makeKey(`new ${n}`))
  keys.forEach((key, n) => {
    central.keys.renew(key, renewals[n] ?? '')
  })
  const { promise, resolve } = withResolvers()
  faults.saving = promise
  const sources = keys.map((key, n) => store.add(entry(`e${n}`, key)))
  const done = Promise.all(sources.map((each) => each.afterUnauthorized(each.current(), never)))
  await until(() => sources.every((each, n) => each.current().reveal() === renewals[n]))
  resolve()
  await done
  assert.ok(saves.length <= 2, `${saves.length} saves`)
  assert.deepEqual(
    [...file.values()].map((key) => key.reveal()),
    renewals,
  )
})

test('a key that is renewed while the file is read is not asked for again', async (t) => {
  const { central, store, entry, faults } = await setUp(t)
  const [old, renewal] = [makeKey('old'), makeKey('renewal')]
  central.keys.renew(old, renewal)
  const [first, second] = ['1', '2'].map((name) => store.add(entry(name, old)))
  assert.ok(first && second)
  const arrived = central.nextValidation()
  const one = first.afterUnauthorized(new Secret(old), never)
  await arrived
  const { promise, resolve } = withResolvers()
  faults.reading = promise
  const two = second.afterUnauthorized(new Secret(old), never)
  assert.equal((await one).reveal(), renewal)
  resolve()
  assert.equal((await two).reveal(), renewal)
  assert.deepEqual(asked(central), [old])
})

test('a caller that aborts does not take the answer from those that share the call', async (t) => {
  const { central, store, entry } = await setUp(t)
  const [old, renewal] = [makeKey('old'), makeKey('renewal')]
  central.keys.renew(old, renewal)
  central.failValidation({ type: 'stall' })
  const [first, second] = ['1', '2'].map((name) => store.add(entry(name, old)))
  assert.ok(first && second)
  const controller = new AbortController()
  const left = first.afterUnauthorized(new Secret(old), controller.signal)
  const stays = second.afterUnauthorized(new Secret(old), never)
  await until(() => central.validations.length === 1)
  controller.abort(new Error('leaves'))
  await assert.rejects(left, /leaves/)
  assert.equal((await stays).reveal(), renewal)
  assert.equal(central.validations.length, 2)
})

test('only entries that are new or changed are validated again', async (t) => {
  const { central, store, entry } = await setUp(t)
  const [a, b] = [makeKey('a'), makeKey('b')]
  const [kept, old] = [entry('kept', a), entry('changed', a)]
  const before = await store.open([kept, old], never)
  const changed = entry('changed', b)
  const after = await store.open([changed], never)
  assert.deepEqual(asked(central), [a, b])
  assert.deepEqual(revealed(after), [b])
  // The connection that is being ended keeps what it had.
  assert.deepEqual(revealed(before), [a, a])
})

test('an entry that has ended gets no renewal any more, and begins anew when it comes back', async (t) => {
  const { central, store, entry, lines } = await setUp(t)
  const [a, b, c] = ['a', 'b', 'c'].map((label) => makeKey(label))
  assert.ok(a && b && c)
  central.keys.renew(a, b)
  const one = entry('1', a)
  const ended = (await store.open([one], never))[0]?.key
  assert.ok(ended)
  ended.close()
  const again = store.add(one)
  assert.equal(again.current().reveal(), a)
  central.keys.renew(b, c)
  again.use(new Secret(b))
  await again.afterUnauthorized(new Secret(b), never)
  assert.deepEqual([ended.current().reveal(), again.current().reveal()], [b, c])
  assert.match(lines.at(-1)?.text ?? '', /renewed a key.*subscriptions: 1/s)
})

test('an error that is no StreamError is passed on', async () => {
  const bug = new TypeError('a bug')
  const store = new KeyStore({
    validate: (): Promise<Validation> => Promise.reject(bug),
    limiter: createLimiter(),
    readKeys: async () => new Map(),
    saveKeys: async () => {},
    log: loggerTo(() => {}),
  })
  const host = parseHost('central.example')
  const entries = [{ name: '1', host, key: new Secret(makeKey('bug')) }]
  await assert.rejects(store.open(entries, never), bug)
})

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
