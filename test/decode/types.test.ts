import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { typeFiles } from '../../scripts/type-text.js'
import type { StreamMessage } from '../../src/classic/message.js'
import type { StreamRecord, StreamRecordOf } from '../../src/classic/record.js'
import type { Topic } from '../../src/classic/topics.js'
import type { ExportFunction } from '../../src/outputs/module.js'
import type { stream_geofence_notify, stream_location } from '../../src/schema/types/location.js'
import type { Float } from '../../src/schema/value-types.js'

/** Checked by tsc: a statement that does not hold does not compile. */
type Expect<T extends true> = T
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Fits<A, B> = [A] extends [B] ? true : false
type Not<T extends boolean> = T extends true ? false : true

type Monitoring = StreamRecordOf<'monitoring'>
type Interface = NonNullable<Monitoring['data']['interfaces']>[number]
type Location = StreamRecordOf<'location'>['data']

export type TypesHold = [
  Expect<Equal<StreamRecordOf['topic'], Topic>>,
  Expect<Equal<Extract<StreamRecordOf, { topic: 'monitoring' }>, Monitoring>>,
  Expect<Equal<Monitoring['timestamp'], string>>,
  Expect<Equal<Interface['duplex_mode'], 'HALF' | 'FULL' | 'AUTO' | number | undefined>>,
  Expect<Equal<Interface['allowed_vlan'], number[] | undefined>>,
  Expect<Equal<StreamRecordOf<'presence'>['data']['timestamp'], string | undefined>>,
  Expect<Equal<Location, stream_location | stream_geofence_notify>>,
  Expect<Equal<stream_location['sta_location_x'], Float | undefined>>,
  Expect<
    Equal<stream_geofence_notify['geofence_event'], 'ZONE_IN' | 'ZONE_OUT' | number | undefined>
  >,
  Expect<Equal<Float, number | 'NaN' | 'Infinity' | '-Infinity'>>,
  // All fields are optional: a frame may lack any of them.
  Expect<Fits<Record<never, never>, Location>>,
  // A record of a topic is a record; a function for all topics can be used for one.
  Expect<Fits<StreamRecordOf, StreamRecord>>,
  Expect<Fits<ExportFunction, ExportFunction<'audit'>>>,
  Expect<Not<Fits<ExportFunction<'audit'>, ExportFunction>>>,
  Expect<Not<Fits<{ sta_location_x: boolean }, Location>>>,
  Expect<Equal<StreamMessage['record'], StreamRecord>>,
]

const byTopic: ExportFunction = (record, { topic }) => {
  if (record.topic === 'audit') record.data.username?.toUpperCase()
  assert.equal(record.topic, topic)
}

it('tells records of one topic from those of another by their topic', () => {
  const { signal } = new AbortController()
  const frame = new Uint8Array()
  const record: StreamRecordOf<'audit'> = {
    customer: 'A',
    topic: 'audit',
    timestamp: '1',
    customer_id: '',
    data: { username: 'admin', service: 'FIRMWARE' },
    msp_ip: '',
  }
  assert.doesNotThrow(() => byTopic(record, { customer: 'A', topic: 'audit', frame, signal }))
})

it('has types that are the ones its .proto files give', () => {
  for (const [name, text] of typeFiles()) {
    const path = new URL(`../../src/schema/types/${name}`, import.meta.url)
    assert.equal(readFileSync(path, 'utf8'), text, `${name}: run scripts/generate-types.ts`)
  }
})
