import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { typeFiles } from '../../scripts/type-text.js'
import type { ClassicRecordOf, StreamRecord } from '../../src/classic/record.js'
import type { Topic } from '../../src/classic/topics.js'
import type { EventRecord } from '../../src/newcentral/record.js'
import type { Topic as NewTopic } from '../../src/newcentral/topics.js'
import type { ExportFunction } from '../../src/outputs/module.js'
import type { stream_geofence_notify, stream_location } from '../../src/schema/types/location.js'
import type * as locationV1 from '../../src/schema/types/newcentral/location-events.js'
import type * as locationV1alpha1 from '../../src/schema/types/newcentral/location-v1alpha1.js'
import type { Float, JsonStruct, TimeText } from '../../src/schema/value-types.js'
import type { AnyRecord, StreamMessage, StreamRecordOf } from '../../src/service.js'
import { ROOT } from '../helpers/settings.js'

/** Checked by tsc: a statement that does not hold does not compile. */
type Expect<T extends true> = T
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Fits<A, B> = [A] extends [B] ? true : false
type Not<T extends boolean> = T extends true ? false : true

type Monitoring = StreamRecordOf<'monitoring'>
type Interface = NonNullable<Monitoring['data']['interfaces']>[number]
type Alert = NonNullable<StreamRecordOf<'alert-events'>['data']['additional_details']>[number]
type Json = NonNullable<
  NonNullable<StreamRecordOf<'audit-trail-events'>['data']['log_details']>['changed_json']
>
type ApEvent = StreamRecordOf<'ap-events'>['data']
type Location = StreamRecordOf<'location'>['data']

export type TypesHold = [
  Expect<Equal<StreamRecordOf['topic'], Topic | NewTopic>>,
  Expect<Equal<ClassicRecordOf['topic'], Topic>>,
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
  Expect<Fits<ClassicRecordOf, StreamRecord>>,
  Expect<Fits<StreamRecordOf<NewTopic>, EventRecord>>,
  Expect<Fits<StreamRecordOf, AnyRecord>>,
  Expect<Fits<ExportFunction, ExportFunction<'audit'>>>,
  Expect<Not<Fits<ExportFunction<'audit'>, ExportFunction>>>,
  Expect<Not<Fits<{ sta_location_x: boolean }, Location>>>,
  Expect<Equal<StreamMessage<StreamRecord>['record'], StreamRecord>>,
  // New Central: two versions of a stream are two types, and well-known types are what JSON has for them.
  Expect<
    Equal<StreamRecordOf<'location-v1alpha1'>['data'], locationV1alpha1.StreamLocationMessage>
  >,
  Expect<Equal<StreamRecordOf<'location-events'>['data'], locationV1.StreamLocationMessage>>,
  Expect<Equal<StreamRecordOf<'location-events'>['data']['tenant_id'], string | undefined>>,
  Expect<Not<'tenant_id' extends keyof StreamRecordOf<'location-v1alpha1'>['data'] ? true : false>>,
  Expect<Equal<StreamRecordOf<'alert-events'>['data']['time'], TimeText | undefined>>,
  Expect<Equal<Alert['entries'], { [key: string]: string } | undefined>>,
  Expect<Equal<Json['before_transaction'], JsonStruct | undefined>>,
  Expect<Equal<StreamRecordOf<'wids'>['timestamp'], string | null>>,
  Expect<Equal<Parameters<ExportFunction<'wids'>>[0], StreamRecordOf<'wids'>>>,
  Expect<Fits<ExportFunction, ExportFunction<'location-v1alpha1'>>>,
  Expect<Not<Fits<ExportFunction<'location-v1alpha1'>, ExportFunction<'location-events'>>>>,
  // The fields of any message of access points can be asked for by name.
  Expect<Fits<{ status: boolean }, ApEvent>>,
  Expect<Fits<{ status: 'STATUS_UP' }, ApEvent>>,
  Expect<Not<Fits<{ status: string }, ApEvent>>>,
]

const byTopic: ExportFunction = (record, { topic }) => {
  if (record.topic === 'audit') record.data.username?.toUpperCase()
  if (record.topic === 'location-v1alpha1') record.data.wifi_client_location?.x?.toString()
  if (record.topic === 'wids') record.id.toUpperCase()
  assert.equal(record.topic, topic)
}

it('tells records of one topic from those of another by their topic', () => {
  const { signal } = new AbortController()
  const frame = new Uint8Array()
  const options = {}
  const record: StreamRecordOf<'audit'> = {
    customer: 'A',
    topic: 'audit',
    timestamp: '1',
    customer_id: '',
    data: { username: 'admin', service: 'FIRMWARE' },
    msp_ip: '',
  }
  const event: StreamRecordOf<'location-v1alpha1'> = {
    customer: 'A',
    topic: 'location-v1alpha1',
    timestamp: null,
    customer_id: '',
    id: '1',
    type: '',
    source: '',
    data: { wifi_client_location: { x: 1.5, connected: true } },
  }
  assert.doesNotThrow(() =>
    byTopic(record, { customer: 'A', topic: 'audit', frame, signal, options }),
  )
  assert.doesNotThrow(() =>
    byTopic(event, { customer: 'A', topic: 'location-v1alpha1', frame, signal, options }),
  )
})

it('has types that are the ones its .proto files give', () => {
  for (const [name, text] of typeFiles()) {
    const path = join(ROOT, 'src/schema/types', name)
    assert.equal(readFileSync(path, 'utf8'), text, `${name}: run npm run generate`)
  }
})
