import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { CLASSIC_ENTRIES } from '../../src/classic/entry.js'
import { StreamError } from '../../src/errors.js'
import { type LoadedInput, loadInput } from '../../src/input/load-input.js'
import { parseHost } from '../../src/net/host.js'
import { NEW_CENTRAL_ENTRIES } from '../../src/newcentral/entry.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'

const GOOD = { client_id: 'id-1', client_secret: 'Zq7xW2abcdefgh', topic: 'rssi-events' }

function load(
  t: TestContext,
  entry: Readonly<Record<string, unknown>>,
  host?: string,
): Promise<LoadedInput> {
  return loadAll(t, { A: entry }, host)
}

async function loadAll(
  t: TestContext,
  customers: object,
  host = 'http://127.0.0.1:1',
): Promise<LoadedInput> {
  const path = await writeInput(t, JSON.stringify({ customers }))
  return loadInput(path, {
    services: [CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES],
    defaultHost: parseHost(host),
    stdin: () => new PassThrough(),
    signal: new AbortController().signal,
  })
}

/** The one problem of an entry, without the file's path. */
async function problem(t: TestContext, entry: Readonly<Record<string, unknown>>): Promise<string> {
  try {
    await load(t, entry)
  } catch (error) {
    assert.ok(error instanceof StreamError)
    assert.equal(error.problems.length, 1, error.problems.join('\n'))
    const [text = ''] = error.problems
    assert.doesNotMatch(text, /Zq7xW2/)
    return text.replace(/^.*?customers/, 'customers')
  }
  assert.fail('expected a problem')
}

test('entries with the same topic and subscriber id are said to share its messages', async (t) => {
  const subscriber_id = '9b2f0c1e-5a0d-4c7b-8f3e-2d6a1b4c5e7f'
  const saysOf = async (B: object) => {
    const { warnings } = await loadAll(t, { A: { ...GOOD, subscriber_id }, B })
    return warnings.map((text) => text.replace(/^.*?customers/, 'customers'))
  }
  assert.deepEqual(await saysOf({ ...GOOD, subscriber_id }), [
    'customers.B: has the API client, topic and subscriber_id of customers.A, so each message comes to one of them alone; remove one of them',
  ])
  assert.deepEqual(await saysOf(GOOD), [])
})

test('an entry with client_id and client_secret is one of New Central', async (t) => {
  const { entries, warnings } = await load(t, {
    ...GOOD,
    event_types: ['network-services.v1alpha1.rssi.raw-rssi'],
    token_url: 'http://127.0.0.1:1/token',
    subscriber_id: '9B2F0C1E-5A0D-4C7B-8F3E-2D6A1B4C5E7F',
    path: '/network-services/v2/rssi',
    hostname: 'wss://de1.api.central.arubanetworks.com/network-services/v1/location-events',
  })
  const [entry] = entries
  assert.deepEqual(warnings, [])
  assert.equal(entry?.hostname?.authority, 'de1.api.central.arubanetworks.com')
  assert.equal(entry.key.reveal(), GOOD.client_secret)
  assert.deepEqual(entry.client, {
    id: 'id-1',
    eventTypes: ['com.hpe.greenlake.network-services.v1alpha1.rssi.raw-rssi'],
    tokenUrl: new URL('http://127.0.0.1:1/token'),
    subscriberId: '9b2f0c1e-5a0d-4c7b-8f3e-2d6a1b4c5e7f',
    path: '/network-services/v2/rssi',
  })
})

const WRONG: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
  [
    'credentials of both services',
    { ...GOOD, wsskey: makeKey('both') },
    /A: has credentials of two services, "wsskey" and "client_id"/,
  ],
  [
    'a topic of Classic Central',
    { ...GOOD, topic: 'monitoring' },
    /topic: "monitoring" is a topic of Classic Central, and the entry has credentials of New Central/,
  ],
  [
    'a topic of New Central beside a key',
    { wsskey: makeKey('key'), topic: 'ap-events' },
    /topic: "ap-events" is a topic of New Central, and the entry has credentials of Classic/,
  ],
  ['no client secret', { client_id: 'id-1', topic: 'wids' }, /client_secret: is missing/],
  ['no credentials', { client_secret: 'Zq7xW2abc', topic: 'wids' }, /client_id: is missing/],
  ['a topic without its version', { ...GOOD, topic: 'location' }, /topic: .*"location-events"/],
  [
    'a token URL without TLS',
    { ...GOOD, token_url: 'http://sso.example.com/token' },
    /token_url: expected "https".*got "http:"/,
  ],
  ['a token URL that is none', { ...GOOD, token_url: 'sso' }, /token_url: is no URL/],
  ['event types as text', { ...GOOD, event_types: 'a.b' }, /event_types: expected a list/],
  ['an odd event type', { ...GOOD, event_types: ['a,b'] }, /event_types: entry 1 of the list/],
  [
    'a subscriber id that is none',
    { ...GOOD, subscriber_id: 'me' },
    /subscriber_id: expected a UUID/,
  ],
  ['a path that is a URL', { ...GOOD, path: 'wss://x/y' }, /path: expected the path of a stream/],
  [
    'a secret in quotation marks',
    { ...GOOD, client_secret: '"Zq7xW2abcdefgh"' },
    /client_secret: has quotation marks within the value/,
  ],
  ['an id in quotation marks', { ...GOOD, client_id: "'id-1'" }, /client_id: has quotation marks/],
  [
    'a secret behind a scheme',
    { ...GOOD, client_secret: 'Bearer Zq7xW2abcdefgh' },
    /client_secret: begins with "Bearer "; expected the client secret alone/,
  ],
  [
    'a secret with a blank in it',
    { ...GOOD, client_secret: 'Zq7xW2 abcdefgh' },
    /client_secret: holds a blank at character 7/,
  ],
  [
    'the id in the place of the secret',
    { ...GOOD, client_secret: GOOD.client_id },
    /client_secret: is the client id; expected the client secret/,
  ],
  [
    'id and secret in each other’s place',
    {
      ...GOOD,
      client_id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
      client_secret: '9b2f0c1e-5a0d-4c7b-8f3e-2d6a1b4c5e7f',
    },
    /client_secret: has the form of a client id, and client_id that of a client secret; expected them the other/,
  ],
  [
    'a token in the place of the secret',
    { ...GOOD, client_secret: makeKey('token') },
    /client_secret: is a token or a key \(not shown\); expected the client secret/,
  ],
  [
    'a token URL with a placeholder',
    { ...GOOD, token_url: 'https://$SSO_HOST/as/token.oauth2' },
    /token_url: holds the placeholder "\$SSO_HOST", which was not replaced/,
  ],
  ['a path with dots', { ...GOOD, path: '/a/../../b' }, /path: expected the path of a stream/],
  [
    'a topic of New Central with a key',
    { wsskey: makeKey('classic'), topic: 'wids' },
    /"wids" is a topic of New Central, and the entry has credentials of Classic Central; .* \(did you mean "security"\?\)$/,
  ],
  [
    'a topic with a letter that looks like another',
    { ...GOOD, topic: 'w\u0456ds' },
    /topic: holds "\u0456" \(U\+0456\) at character 2; .*did you mean "wids"/,
  ],
  [
    'an example',
    { ...GOOD, client_secret: '<your secret>' },
    /client_secret: still holds the text/,
  ],
  [
    'a variable',
    { ...GOOD, client_secret: '$SECRET' },
    /client_secret: is the name of a variable, .*; the input file holds the client secret itself/,
  ],
  [
    'a file in place of a secret',
    { ...GOOD, client_secret: undefined, client_secret_file: '/run/secret' },
    /client_secret_file: there is no such property; put the value into "client_secret" itself/,
  ],
]
for (const [what, entry, expected] of WRONG) {
  test(`${what} is an error that says so`, async (t) => {
    assert.match(await problem(t, entry), expected)
  })
}

test('an event type that is not known gets a warning with the one that was meant', async (t) => {
  const event_types = ['com.hpe.greenlake.network-services.v1alpha1.rssi.raw-rsi']
  const { warnings, entries } = await load(t, { ...GOOD, event_types })
  assert.deepEqual(entries[0]?.client?.eventTypes, event_types)
  assert.match(warnings.join(), /did you mean "network-services\.v1alpha1\.rssi\.raw-rssi"\?/)
})

test('a property of the other service is ignored with a warning', async (t) => {
  const classic = { wsskey: makeKey('classic'), topic: 'audit', path: '/x', subscriber_id: 'me' }
  const says = (name: string, service: string, own: string) =>
    `customers.A.${name}: is a property of ${service}, and the entry has credentials of ${own}; it is ignored`
  for (const [entry, expected] of [
    [
      classic,
      ['path', 'subscriber_id'].map((name) => says(name, 'New Central', 'Classic Central')),
    ],
    [{ ...GOOD, username: 'ann' }, [says('username', 'Classic Central', 'New Central')]],
  ] as const) {
    const { warnings } = await load(t, entry)
    assert.deepEqual(
      warnings.map((text) => text.replace(/^.*?customers/, 'customers')),
      expected,
    )
  }
})

const CLASSIC = { wsskey: makeKey('classic'), topic: 'audit' }
const OF_CLASSIC = ['internal-ui', 'app', 'app-eucentral3', 'apigw-prod2'].map(
  (name) => `${name}.central.arubanetworks.com`,
)
const OF_NEW_CENTRAL = ['de1.api.central.arubanetworks.com', 'cn1.api.central.arubanetworks.com.cn']

/** The warnings about an entry, without the file's path. */
async function warningsOf(...args: Parameters<typeof load>): Promise<string[]> {
  const { warnings } = await load(...args)
  return warnings.map((text) => text.replace(/^.*?customers/, 'customers'))
}

test('a host of the other service gets a warning, in the entry and in --hostname', async (t) => {
  for (const host of OF_CLASSIC) {
    const wrong = `${host} looks like a host of Classic Central; expected a base URL of New Central, such as "de1.api.central.arubanetworks.com"`
    assert.deepEqual(await warningsOf(t, { ...GOOD, hostname: host }), [
      `customers.A.hostname: ${wrong}`,
    ])
    assert.deepEqual(await warningsOf(t, GOOD, host), [
      `customers.A: is an entry of New Central without a "hostname", and --hostname ${wrong}`,
    ])
    assert.deepEqual(await warningsOf(t, CLASSIC, host), [])
    assert.deepEqual(await warningsOf(t, { ...CLASSIC, hostname: host }), [])
  }
  for (const host of OF_NEW_CENTRAL) {
    const wrong = `${host} looks like a base URL of New Central; expected the one on the Streaming page of Classic Central, such as "internal-ui.central.arubanetworks.com"`
    assert.deepEqual(await warningsOf(t, { ...CLASSIC, hostname: host }), [
      `customers.A.hostname: ${wrong}`,
    ])
    assert.deepEqual(await warningsOf(t, CLASSIC, host), [
      `customers.A: is an entry of Classic Central without a "hostname", and --hostname ${wrong}`,
    ])
    assert.deepEqual(await warningsOf(t, GOOD, host), [])
  }
})

test('hosts of other domains may be of either service', async (t) => {
  for (const hostname of ['central.example', '10.1.2.3', 'localhost:8443', 'de1.api.example']) {
    assert.deepEqual(await warningsOf(t, { ...GOOD, hostname }), [])
    assert.deepEqual(await warningsOf(t, { ...CLASSIC, hostname }), [])
  }
})
