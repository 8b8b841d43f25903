import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadSchema as loadClassic } from '../../src/classic/schema.js'
import { StreamError } from '../../src/errors.js'
import { loadSchema, shippedMessages } from '../../src/newcentral/schema.js'
import { messagesOf, TOPICS, type Topic } from '../../src/newcentral/topics.js'
import { recordOf } from '../helpers/event.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { bytes, int } from '../helpers/wire.js'

const PROTO = fileURLToPath(new URL('../../proto/', import.meta.url))

function folderOf(t: TestContext, files: Record<string, string>): string {
  const dir = tempFolder(t)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

const shipped = (name: string) => readFileSync(join(PROTO, `${name}.proto`), 'utf8')

function faultOf(topic: Topic, protoDir: string): string {
  try {
    loadSchema(topic, { protoDir })
  } catch (error) {
    assert.ok(error instanceof StreamError)
    assert.equal(error.code, 'schema-invalid')
    return error.message
  }
  assert.fail('it was loaded')
}

describe('the schemas of New Central', () => {
  it('are all shipped, with envelope and messages', () => {
    for (const topic of TOPICS) {
      const { envelope, payload, message, notes } = loadSchema(topic)
      assert.equal(envelope.name, 'CloudEvent')
      assert.equal(payload === undefined, topic === 'ap-events')
      for (const name of messagesOf(topic)) assert.equal(message(name)?.name, name)
      assert.equal(message('Gone'), undefined)
      assert.deepEqual(notes, [])
      assert.ok(shippedMessages(topic).some(({ name }) => name === 'CloudEvent'))
    }
  })

  it('come from a folder with copies under any name, without package lines', (t) => {
    const dir = folderOf(t, {})
    for (const [index, topic] of TOPICS.entries()) {
      const text = shipped(`newcentral/${topic}`).replace(/^package .*;$/m, '')
      writeFileSync(join(dir, `copy ${index}.proto`), text)
    }
    for (const topic of TOPICS) {
      const { notes } = loadSchema(topic, { protoDir: dir })
      assert.deepEqual({ topic, notes }, { topic, notes: [] })
    }
  })

  it('tell two versions of a stream apart, whatever their files are called', (t) => {
    const protoDir = folderOf(t, {
      'a.proto': `${shipped('newcentral/location-events')} message InA {}`,
      'b.proto': `${shipped('newcentral/location-v1alpha1')} message InB {}`,
      'location.proto': `${shipped('newcentral/geofence-v1alpha1')} message InLocation {}`,
    })
    assert.ok(loadSchema('location-events', { protoDir }).message('InA'))
    assert.ok(loadSchema('location-v1alpha1', { protoDir }).message('InB'))
    assert.ok(loadSchema('geofence-v1alpha1', { protoDir }).message('InLocation'))
    const { notes } = loadSchema('geofence-events', { protoDir })
    assert.match(
      notes.join(),
      /^geofence-events: .* has no \.proto file with message StreamGeofenceMessage of this topic; the shipped one is used$/,
    )
  })

  it('tell both services apart in one folder', (t) => {
    const protoDir = folderOf(t, {})
    cpSync(join(PROTO, 'classic'), protoDir, { recursive: true })
    assert.match(loadSchema('gw-events', { protoDir }).notes.join(), /the shipped one is used$/)
    cpSync(join(PROTO, 'newcentral'), protoDir, { recursive: true })
    for (const topic of TOPICS) {
      const { notes } = loadSchema(topic, { protoDir })
      assert.deepEqual({ topic, notes }, { topic, notes: [] })
    }
    const classic = loadClassic('monitoring', { protoDir })
    assert.ok(classic.payload.fields.data_elements)
    assert.deepEqual(classic.notes, [])
    const own = folderOf(t, { 'x.proto': shipped('newcentral/gw-events') })
    const { notes } = loadClassic('monitoring', { protoDir: own })
    assert.match(notes.join(), /the shipped one is used$/)
  })

  it('take a file by its exact name even where its numbers are others', (t) => {
    const text = shipped('newcentral/wids')
      .replace('wids_rules_event = 1', 'wids_rules_event = 3')
      .replace('wids_signatures_event = 2', 'wids_signatures_event = 1')
    const protoDir = folderOf(t, { 'wids.proto': text })
    const schema = loadSchema('wids', { protoDir })
    assert.deepEqual(schema.notes, [])
    assert.deepEqual(recordOf(schema, bytes(8, bytes(2, bytes(3, bytes(1, 'x'))))).data, {
      wids_rules_event: { site_id: 'x' },
    })
  })

  it('use names of a copy in camel case, in the envelope as well', (t) => {
    const camel = (text: string) =>
      text.replace(/\b[a-z]+(_[a-z0-9]+)+(?= = )/g, (name) =>
        name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      )
    const protoDir = folderOf(t, {
      'cloudevent.proto': camel(shipped('newcentral/cloudevent')),
      'wids (1).proto': camel(shipped('newcentral/wids')),
    })
    const schema = loadSchema('wids', { protoDir })
    const subject = bytes(5, bytes(1, 'subject'), bytes(2, bytes(3, 'customer')))
    const frame = [subject, bytes(8, bytes(2, bytes(1, bytes(2, '0A1B2C0304FF'))))]
    const { customer_id, data } = recordOf(schema, Buffer.concat(frame), { readable: true })
    assert.equal(customer_id, 'customer')
    assert.deepEqual(data, { widsRulesEvent: { bssid: '0a:1b:2c:03:04:ff' } })
  })

  it('have messages that a copy adds, and shipped ones that it lacks', (t) => {
    const protoDir = folderOf(t, {
      'aps.proto':
        'syntax = "proto3"; message APInfo { string x = 1; } message BrandNew { int32 y = 1; }',
    })
    const schema = loadSchema('ap-events', { protoDir })
    const event = (url: string, ...payload: Uint8Array[]) =>
      recordOf(schema, bytes(8, bytes(1, url), bytes(2, ...payload))).data
    assert.deepEqual(event('t/ap.BrandNew', int(1, 5)), { y: 5 })
    assert.deepEqual(event('t/ap.APInfo', bytes(1, 'x')), { x: 'x' })
    assert.deepEqual(event('t/ap.RoleStat', bytes(2, 'x')), { tenant_id: 'x' })
  })

  it('use the shipped envelope in place of the CNCF’s, and say so', (t) => {
    const cncf = shipped('newcentral/cloudevent').replace(/^.* time = 9;$/m, '')
    const protoDir = folderOf(t, { 'cloudevents.proto': cncf })
    const { envelope, notes } = loadSchema('wids', { protoDir })
    assert.ok(envelope.fields.time)
    assert.match(
      notes.join('\n'),
      /cloudevents\.proto: message CloudEvent has no field time, so it is not New Central's; the shipped one is used/,
    )
  })

  it('refuse an envelope whose fields are of other types', (t) => {
    const text = shipped('newcentral/cloudevent').replace(
      'google.protobuf.Timestamp time = 9',
      'string time = 9',
    )
    assert.match(
      faultOf('wids', folderOf(t, { 'cloudevent.proto': text })),
      /cloudevent\.proto: expected field time of CloudEvent to be google\.protobuf\.Timestamp; got string$/,
    )
  })

  it('follow a copy of Google’s files in the folder', (t) => {
    const protoDir = folderOf(t, { 'alert-events.proto': shipped('newcentral/alert-events') })
    mkdirSync(join(protoDir, 'google/protobuf'), { recursive: true })
    writeFileSync(
      join(protoDir, 'google/protobuf/timestamp.proto'),
      'syntax = "proto3"; package google.protobuf; message Timestamp { int64 seconds = 1; int32 nanos = 2; }',
    )
    const schema = loadSchema('alert-events', { protoDir })
    assert.deepEqual(recordOf(schema, bytes(8, bytes(2, bytes(11, int(1, 1))))).data, {
      time: '1970-01-01T00:00:01Z',
    })
  })
})
