import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type {
  AnyTopic,
  ExportFunction,
  ModuleOptions,
  NewCentralPayloads,
  StreamOptions,
  StreamRecordOf,
  TransformContext,
  Transformed,
  TransformFunction,
} from '../src/index.js'
import * as api from '../src/index.js'
import { encodeFrame } from '../src/simulator/classic/encode.js'
import { encodeEvent } from '../src/simulator/newcentral/cloud-event.js'
import { withDefaults } from '../src/simulator/settings.js'
import { startCentral } from './helpers/central.js'
import { makeKey } from './helpers/keys.js'
import { makeSecret } from './helpers/new-central.js'
import { runProgram } from './helpers/program.js'
import { trafficRecording } from './helpers/recording.js'
import { ROOT } from './helpers/settings.js'
import { tempFolder } from './helpers/temp-folder.js'

/** Checked by tsc: a statement that does not hold does not compile. */
type Expect<T extends true> = T
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Fits<A, B> = [A] extends [B] ? true : false
type Not<T extends boolean> = T extends true ? false : true

type Yielded<T extends AnyTopic> =
  ReturnType<typeof api.stream<T>> extends AsyncGenerator<infer R> ? R : never
type At = { hostname: string }

/** As a program of several topics passes its options on. */
export const pass = (options: StreamOptions) => api.stream(options)
export const passOf = <T extends AnyTopic>(options: StreamOptions<T>) => api.stream<T>(options)
type ClassicTopic = Exclude<AnyTopic, keyof NewCentralPayloads>

/** The topic of a call decides what its records are. */
const sightings = () => api.stream({ hostname: 'h', wsskey: 'k', topic: 'presence' })
const rogues = () =>
  api.stream({ hostname: 'h', client_id: 'i', client_secret: 's', topic: 'wids' })
const change = (frame: Uint8Array) => api.decode(frame, { topic: 'audit' }).data

/** An interface has no index signature. */
interface Named {
  client: string
  dbm?: number
}

/** A literal may have properties of its own, also where its type is asked for. */
const row = (): Transformed => ({ client: 'aa:bb', dbm: -61 })
const rows = (): Transformed => [{ client: 'aa:bb', dbm: -61 }]

export type TypesHold = [
  Expect<
    Equal<ReturnType<typeof sightings>, AsyncGenerator<StreamRecordOf<'presence'>, void, undefined>>
  >,
  Expect<Equal<ReturnType<typeof rogues>, AsyncGenerator<StreamRecordOf<'wids'>, void, undefined>>>,
  Expect<Equal<ReturnType<typeof change>, StreamRecordOf<'audit'>['data']>>,
  // Records by topic, and the union of both services.
  Expect<Equal<Yielded<'presence'>, StreamRecordOf<'presence'>>>,
  Expect<Equal<Yielded<'wids'>, StreamRecordOf<'wids'>>>,
  Expect<Equal<Yielded<'audit' | 'wids'>, StreamRecordOf<'audit' | 'wids'>>>,
  Expect<Equal<ReturnType<typeof api.decode<'audit'>>, StreamRecordOf<'audit'>>>,
  Expect<Equal<StreamRecordOf['topic'], AnyTopic>>,
  Expect<Equal<StreamRecordOf<'presence'>['timestamp'], string>>,
  Expect<Equal<StreamRecordOf<'rssi-events'>['timestamp'], string | null>>,
  // Each service has its own credentials.
  Expect<Fits<At & { topic: 'presence'; wsskey: string }, StreamOptions<'presence'>>>,
  Expect<Not<Fits<At & { topic: 'presence'; client_id: string }, StreamOptions<'presence'>>>>,
  Expect<
    Fits<At & { topic: 'wids'; client_id: string; client_secret: string }, StreamOptions<'wids'>>
  >,
  Expect<Not<Fits<At & { topic: 'wids'; wsskey: string }, StreamOptions<'wids'>>>>,
  Expect<Not<Fits<At & { topic: 'presense'; wsskey: string }, StreamOptions>>>,
  // The topic decides about them, also where it is one of several.
  Expect<
    Not<Fits<At & { topic: 'presence'; client_id: string; client_secret: string }, StreamOptions>>
  >,
  Expect<Not<Fits<At & { topic: 'audit' | 'wids'; wsskey: string }, StreamOptions>>>,
  Expect<Fits<At & { topic: 'audit' | 'presence'; wsskey: string }, StreamOptions>>,
  Expect<
    Fits<
      At & { topic: ClassicTopic; wsskey: string; signal: AbortSignal | undefined },
      StreamOptions
    >
  >,
  Expect<Fits<{ topic: 'wids'; readable: undefined }, Parameters<typeof api.decode>[1]>>,
  // Modules.
  Expect<
    Equal<Parameters<ExportFunction<'location-v1alpha1'>>[0], StreamRecordOf<'location-v1alpha1'>>
  >,
  Expect<Equal<Parameters<TransformFunction<'presence'>>[0], StreamRecordOf<'presence'>>>,
  Expect<Equal<Parameters<TransformFunction>[0], StreamRecordOf>>,
  Expect<Equal<TransformContext<'wids'>['topic'], 'wids'>>,
  Expect<Fits<TransformFunction, TransformFunction<'audit'>>>,
  Expect<Not<Fits<TransformFunction<'audit'>, TransformFunction>>>,
  Expect<Not<Fits<() => string, TransformFunction>>>,
  Expect<Not<Fits<() => Promise<number>, TransformFunction>>>,
  Expect<Fits<typeof row | typeof rows, TransformFunction>>,
  Expect<Fits<() => undefined, TransformFunction>>,
  Expect<Fits<() => Named | Named[], TransformFunction>>,
  Expect<Not<Fits<() => number[], TransformFunction>>>,
  Expect<Not<Fits<() => undefined[], TransformFunction>>>,
  Expect<Not<Fits<(record: StreamRecordOf) => (StreamRecordOf | undefined)[], TransformFunction>>>,
  Expect<Not<Fits<() => Promise<object>[], TransformFunction>>>,
  Expect<Not<Fits<() => StreamRecordOf[][], TransformFunction>>>,
  Expect<Not<Fits<() => () => StreamRecordOf, TransformFunction>>>,
  Expect<Not<Fits<() => Promise<Date>, TransformFunction>>>,
  Expect<Not<Fits<() => Map<string, string>, TransformFunction>>>,
  Expect<Equal<ModuleOptions[string], string | undefined>>,
  Expect<Fits<(record: StreamRecordOf) => Promise<StreamRecordOf[]>, TransformFunction>>,
]

test('the package exports five things besides types', () => {
  assert.deepEqual(Object.keys(api).sort(), [
    'StreamError',
    'TOPICS',
    'decode',
    'isTopic',
    'stream',
  ])
  assert.equal(api.TOPICS.length, 18)
  assert.ok(api.isTopic('presence') && api.isTopic('wids') && !api.isTopic('wifi'))
})

test('the example for presence prints clients and dBm, and says why a key is refused', async (t) => {
  const central = await startCentral(t)
  const [good, bad] = [makeKey('good'), makeKey('bad')]
  central.keys.accept(good)
  const script = join(ROOT, 'examples/watch.mjs')
  const env = { CENTRAL: central.url, WSSKEY: good }
  const program = runProgram(t, [], { script, env })
  const socket = await central.waitForSocket()
  const addr = Buffer.from('E0F8471E01AC')
  const payload = { pa_proximity_event: { proximity: [{ sta_eth_mac: { addr }, rssi_val: -61 }] } }
  await socket.send(encodeFrame('presence', payload, { timestamp: '1', customer_id: 'c' }))
  assert.equal(await program.waitForLine('dBm', 'stdout'), 'e0:f8:47:1e:01:ac -61 dBm')
  const refused = await runProgram(t, [], { script, env: { ...env, WSSKEY: bad } }).result
  assert.equal(refused.code, 3)
  assert.match(refused.stderr, /^key-refused: /)
})

test('the examples end without an error where the reader of their stdout does', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const env = { CENTRAL: central.url, WSSKEY: makeKey('good') }
  const options = { script: join(ROOT, 'examples/watch.mjs'), env, collectStdout: false }
  const watching = runProgram(t, [], options)
  const socket = await central.waitForSocket()
  const addr = Buffer.from('E0F8471E01AC')
  const payload = { pa_proximity_event: { proximity: [{ sta_eth_mac: { addr }, rssi_val: -61 }] } }
  const frame = encodeFrame('presence', payload, { timestamp: '1', customer_id: 'c' })
  watching.child.stdout?.once('data', () => {
    watching.child.stdout?.destroy()
    void socket.send(frame)
  })
  await socket.send(frame)
  const { code, stderr } = await watching.result
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })

  const recording = join(tempFolder(t), 'frames.ndjson')
  writeFileSync(recording, trafficRecording(200))
  const decoding = await runProgram(t, [recording], {
    script: join(ROOT, 'examples/decode.mjs'),
    shell: '"$@" | head -n 1',
  }).result
  assert.equal(decoding.stderr, '')
  assert.match(decoding.stdout, /^Campus \w+ \d+ fields\n$/)
})

test('the example for both services prints the records of both, and ends where one is refused', async (t) => {
  const central = await startCentral(t)
  const key = makeKey('good')
  central.keys.accept(key)
  const env = {
    CENTRAL: central.url,
    WSSKEY: key,
    NEW_CENTRAL: central.url,
    CLIENT_ID: 'both',
    CLIENT_SECRET: makeSecret('both'),
    TOKEN_URL: `${central.url}/as/token.oauth2`,
  }
  const script = join(ROOT, 'examples/both.mjs')
  const program = runProgram(t, [], { script, env })
  const classic = await central.waitForSocket({ topic: 'presence' })
  const payload = { pa_rssi_event: { rssi: [{ rssi_val: -61 }] } }
  await classic.send(encodeFrame('presence', payload, { timestamp: '0', customer_id: 'c' }))
  assert.equal(await program.waitForLine('presence', 'stdout'), 'presence 1970-01-01T00:00:00Z')
  const newCentral = await central.waitForSocket({ topic: 'rssi-events' })
  const event = {
    type: 'network-services.v1alpha1.rssi.raw-rssi',
    payload: { raw_rssi: { rssi_val: -61 } },
  }
  await newCentral.send(
    encodeEvent(event, {
      ...{ topic: 'rssi-events', customerId: 'c', now: 0, count: 0, settings: withDefaults({}) },
    }),
  )
  assert.equal(await program.waitForLine('rssi', 'stdout'), 'rssi-events 1970-01-01T00:00:00Z')
  program.kill()
  assert.equal((await program.result).code, 0)

  const refused = { ...env, WSSKEY: makeKey('bad') }
  const { code, stderr } = await runProgram(t, [], { script, env: refused }).result
  assert.equal(code, 1)
  assert.match(stderr, /key-refused/)
})

test('the example for positions of New Central prints metres, and ends on SIGTERM', async (t) => {
  const central = await startCentral(t)
  const program = runProgram(t, [], {
    script: join(ROOT, 'examples/positions.ts'),
    nodeOptions: ['--import', 'tsx'],
    cwd: ROOT,
    env: {
      CENTRAL: central.url,
      CLIENT_ID: 'positions',
      CLIENT_SECRET: makeSecret('positions'),
      TOKEN_URL: `${central.url}/as/token.oauth2`,
    },
  })
  const socket = await central.waitForSocket()
  const event = encodeEvent(
    {
      type: 'network-services.v1.wifi-client-locations.created',
      payload: { wifi_client_location: { sta_eth_mac: 'aa:bb', x: 1.5, y: 2 } },
    },
    { topic: 'location-events', customerId: 'c', now: 1, count: 0, settings: withDefaults({}) },
  )
  await socket.send(event)
  assert.equal(await program.waitForLine('aa:bb', 'stdout'), 'aa:bb 1.5 m, 2 m')
  program.kill()
  const { code, stderr } = await program.result
  assert.equal(code, 0, stderr)
  assert.match(stderr, /^connecting\nopen\n(.*\n)*ended\n$/)
})
