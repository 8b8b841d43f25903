import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CLASSIC_ENTRIES } from '../../src/classic/entry.js'
import { parseHost } from '../../src/net/host.js'
import { NEW_CENTRAL_ENTRIES } from '../../src/newcentral/entry.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { makeSecret } from '../helpers/new-central.js'
import { entryProblems, load, problemsOf } from './problems.js'

const loadCustomers = async (t: TestContext, customers: object, options: object = {}) => {
  const path = await writeInput(t, JSON.stringify({ customers }))
  const loaded = await load(path, {
    services: [CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES],
    ...options,
  })
  return {
    subscriptions: loaded.entries.map(({ label, name, topic }) => `${label} = ${name} ${topic}`),
    disabled: loaded.disabled,
    warnings: loaded.warnings.map((warning) => warning.replace(path, 'FILE')),
  }
}

test('each topic of a list is a subscription of its own, with the credentials of the entry', async (t) => {
  const key = makeKey('list')
  const customers = {
    A: { wsskey: key, topics: ['audit', 'presence'] },
    B: { wsskey: makeKey('one'), topic: 'audit' },
    C: { client_id: 'c', client_secret: makeSecret('c'), topics: ['wids', 'gw-events'] },
    D: { wsskey: makeKey('d'), topics: ['apprf'] },
  }
  const { subscriptions, warnings } = await loadCustomers(t, customers)
  assert.deepEqual(subscriptions, [
    'A.audit = A audit',
    'A.presence = A presence',
    'B = B audit',
    'C.wids = C wids',
    'C.gw-events = C gw-events',
    'D.apprf = D apprf',
  ])
  assert.deepEqual(warnings, [])
  const { entries } = await load(
    await writeInput(t, JSON.stringify({ customers: { A: customers.A } })),
  )
  assert.deepEqual(
    entries.map((entry) => entry.key.reveal()),
    [key, key],
  )
})

test('a list of topics that is wrong says what is wrong with it', async (t) => {
  const said = async (topics: unknown, more: object = { topic: undefined }) =>
    (await entryProblems(t, { topics, ...more })).replace('FILE: customers.A.topics: ', '')
  const wanted = 'expected one of apprf, audit, location, monitoring, presence, security'
  assert.equal(
    await said('audit'),
    'expected a list of topics, such as ["apprf","audit"]; got "audit"',
  )
  assert.match(
    await said('audit, presence'),
    /^expected a list of topics, such as \["audit","presence"\]; got a string of 15 characters/,
  )
  assert.match(await said({}), /^expected a list of topics, .*; got an object$/)
  assert.equal(await said([]), `is an empty list; ${wanted}`)
  assert.equal(await said(['audit', 'audit']), 'has "audit" twice; expected it once')
  assert.equal(
    await said(['audit', 'Presense']),
    `${wanted}; got "Presense" (did you mean "presence"?)`,
  )
  assert.equal(await said([1]), `${wanted}; got 1`)
  assert.equal(await said([['audit']]), `${wanted}; got a list in the list`)
  assert.equal(await said(['']), `is empty; ${wanted}`)
  assert.equal(await said(['audit'], {}), 'is there beside "topic"; expected one of them')
  assert.equal(
    await entryProblems(t, { topic: undefined, Topics: ['audit'] }),
    'FILE: customers.A.Topics: there is no such property; did you mean "topics"?',
  )
})

test('a list with a topic of the other service says so', async (t) => {
  const customers = { A: { wsskey: makeKey('a'), topics: ['audit', 'wids-events'] } }
  assert.match(await problemsOf(t, { customers }), /customers\.A\.topics: expected one of apprf/)
  const path = await writeInput(
    t,
    JSON.stringify({ customers: { A: { wsskey: makeKey('b'), topics: ['gw-events'] } } }),
  )
  await assert.rejects(
    load(path, { services: [CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES] }),
    /topics: "gw-events" is a topic of New Central, and the entry has credentials of Classic Central/,
  )
})

test('what belongs to one topic is refused in an entry with several', async (t) => {
  const client = { client_id: 'c', client_secret: makeSecret('c') }
  const one = { ...client, path: '/x', event_types: ['a.b'] }
  const { subscriptions } = await loadCustomers(t, { A: { ...one, topics: ['wids'] } })
  assert.deepEqual(subscriptions, ['A.wids = A wids'])
  await assert.rejects(
    loadCustomers(t, { A: { ...one, topics: ['wids', 'gw-events'] } }),
    (error: { problems: string[] }) => {
      const says = error.problems.map((text) => text.replace(/^.*json: /, ''))
      const what =
        'belongs to one topic, and the entry has several; make an entry of its own for it'
      assert.deepEqual(says, [`customers.A.event_types: ${what}`, `customers.A.path: ${what}`])
      return true
    },
  )
})

test('two subscriptions that come out with the same name are an error', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const customers = {
    'A.audit': { wsskey: a, topic: 'apprf' },
    A: { wsskey: b, topics: ['audit'] },
  }
  assert.equal(
    await problemsOf(t, { customers }),
    'FILE: customers.A: its topic audit comes out with the name "A.audit", as a topic of customers["A.audit"] does; rename one of them',
  )
})

test('a topic that an entry before has with the same key gets a warning that names it', async (t) => {
  const key = makeKey('same')
  const customers = {
    A: { wsskey: key, topics: ['audit', 'apprf'] },
    B: { wsskey: key, topic: 'apprf' },
    C: { wsskey: key, topics: ['audit', 'presence'] },
    D: { wsskey: key, topic: 'audit', enabled: false },
  }
  const { warnings } = await loadCustomers(t, customers)
  const end = 'of customers.A, so each message may come twice; remove one of them'
  assert.deepEqual(warnings, [
    `FILE: customers.B: has the key and topic ${end}`,
    `FILE: customers.C: has the key and topic "audit" ${end}`,
  ])
})

test('an entry that is disabled is checked, and not streamed', async (t) => {
  const on = { wsskey: makeKey('on'), topic: 'audit', enabled: true }
  const off = { wsskey: makeKey('off'), topics: ['audit', 'apprf'], enabled: false }
  const { subscriptions, disabled } = await loadCustomers(t, { On: on, Off: off })
  assert.deepEqual(subscriptions, ['On = On audit'])
  assert.deepEqual(disabled, ['Off.audit', 'Off.apprf'])
  assert.match(await entryProblems(t, { enabled: false, topic: 'wifi' }), /A\.topic: expected one/)
  assert.equal(
    await entryProblems(t, { enabled: 'no' }),
    'FILE: customers.A.enabled: expected true or false; got "no"',
  )
  assert.equal(
    await problemsOf(t, { customers: { Off: off } }),
    'FILE: customers: every entry has "enabled": false; expected at least one that is enabled',
  )
})

test('a host is needed where an entry has none of its own', async (t) => {
  const customers = {
    A: { wsskey: makeKey('a'), topics: ['audit', 'apprf'] },
    B: { wsskey: makeKey('b'), topic: 'audit', hostname: 'eu.example' },
    C: { wsskey: makeKey('c'), topic: 'audit' },
    Off: { wsskey: makeKey('off'), topic: 'audit', enabled: false },
  }
  const { A: _, C: __, ...own } = customers
  await loadCustomers(t, own, { needsHost: true })
  await loadCustomers(t, customers, { needsHost: true, defaultHost: parseHost('us.example') })
  await loadCustomers(t, customers)
  await assert.rejects(
    loadCustomers(t, customers, { needsHost: true }),
    /customers\.A\.hostname: is missing \(and of 1 more\); expected --hostname HOST, or a "hostname" in each entry$/,
  )
})
