import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import protobuf from 'protobufjs'
import { loadSchema } from '../../src/classic/schema.js'
import { TOPICS, type Topic } from '../../src/classic/topics.js'
import { StreamError } from '../../src/errors.js'
import { loadFromDir, loadShipped } from '../../src/schema/load-proto.js'
import { recordName } from '../../src/schema/message-type.js'
import { tempFolder } from '../helpers/temp-folder.js'

function folderOf(t: TestContext, files: Record<string, string>): string {
  const dir = tempFolder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return dir
}

/** The message of the error that loading ends with. */
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

const AUDIT = 'message audit_message {\n  optional string customer_id = 1;\n}\n'

describe('loadSchema', () => {
  it('loads every shipped topic with its root message', () => {
    for (const topic of TOPICS) {
      const { envelope, payload, notes } = loadSchema(topic)
      assert.equal(envelope.name, 'MsgProto')
      assert.ok(payload.fieldsArray.length > 0)
      assert.deepEqual(notes, [])
    }
  })

  it('reads a file without package or syntax, as Central hands them out', (t) => {
    const protoDir = folderOf(t, { 'audit.proto': `\uFEFF${AUDIT.replaceAll('\n', '\r\n')}` })
    const { payload, notes } = loadSchema('audit', { protoDir })
    assert.deepEqual(Object.keys(payload.fields), ['customer_id'])
    assert.deepEqual(notes, [])
  })

  it('names both files where a browser saved a second one', (t) => {
    const protoDir = folderOf(t, { 'audit.proto': AUDIT, 'audit (1).proto': AUDIT })
    const { notes } = loadSchema('audit', { protoDir })
    assert.equal(notes.length, 1)
    assert.match(notes[0] ?? '', /: audit\.proto is used; audit \(1\)\.proto also defines message/)
  })

  for (const [kind, text] of Object.entries({
    proto2: `syntax = "proto2"; package a.b; ${AUDIT}`,
    proto3: `syntax = "proto3"; package Other; message audit_message { string customer_id = 1; }`,
    editions: `edition = "2023"; message audit_message { string customer_id = 1; }`,
  })) {
    it(`reads ${kind}, in whatever package`, (t) => {
      const protoDir = folderOf(t, { 'audit.proto': text })
      assert.deepEqual(Object.keys(loadSchema('audit', { protoDir }).payload.fields), [
        'customer_id',
      ])
    })
  }

  for (const name of ['AUDIT.PROTO', 'audit (1).proto', 'Streaming_Audit_v2.proto', 'x.proto']) {
    it(`finds the topic in "${name}" by its root message`, (t) => {
      const protoDir = folderOf(t, { [name]: AUDIT, 'note.txt': AUDIT })
      assert.deepEqual(loadSchema('audit', { protoDir }).notes, [])
    })
  }

  it('takes the file with the right name where several have the root message', (t) => {
    const other = 'message audit_message { optional string other = 1; }'
    const protoDir = folderOf(t, { 'audit (1).proto': other, 'audit.proto': AUDIT })
    assert.ok(loadSchema('audit', { protoDir }).payload.fields.customer_id)
  })

  it('refuses to choose where several have the root message and none the right name', (t) => {
    const protoDir = folderOf(t, { 'a.proto': AUDIT, 'b.proto': AUDIT })
    assert.match(
      faultOf('audit', protoDir),
      /a\.proto and b\.proto both define message audit_message/,
    )
  })

  it('falls back to the shipped schema and says so where the folder lacks a topic', (t) => {
    const protoDir = folderOf(t, { 'audit.proto': AUDIT })
    const { payload, notes } = loadSchema('presence', { protoDir })
    assert.equal(payload.name, 'presence_event')
    assert.match(notes.join(), /presence: .* no \.proto file with message presence_event/)
  })

  it('takes no message out of a comment', (t) => {
    const text = `// message audit_message {\n/* message audit_message {} */\nmessage other {}\n`
    const protoDir = folderOf(t, { 'x.proto': text })
    assert.match(loadSchema('audit', { protoDir }).notes.join(), /the shipped one is used$/)
  })

  it('keeps equal names of two topics apart', (t) => {
    const mac = 'message mac_address { optional bytes addr = 1; }'
    const protoDir = folderOf(t, {
      'audit.proto': `${mac} message audit_message { optional mac_address mac = 1; }`,
      'presence.proto': `message mac_address { optional string other = 1; } message presence_event { optional mac_address mac = 1; }`,
    })
    const types = (['audit', 'presence'] as const).map(
      (topic) => loadSchema(topic, { protoDir }).payload.fields.mac?.resolve().resolvedType,
    )
    assert.notEqual(types[0], types[1])
  })

  it('follows imports in the folder, by path and by bare name, and well-known ones', (t) => {
    const protoDir = folderOf(t, {
      'audit.proto':
        'import "sub/one.proto"; import "far/away/two.proto"; import "google/protobuf/timestamp.proto";\n' +
        'message audit_message { optional one a = 1; optional two b = 2; optional google.protobuf.Timestamp c = 3; }',
      'sub/one.proto': 'message one { optional string x = 1; }',
      'two.proto': 'import "audit.proto"; message two { optional audit_message again = 1; }',
    })
    const { fields } = loadSchema('audit', { protoDir }).payload
    assert.deepEqual(
      Object.values(fields).map((field) => field.resolve().resolvedType?.name),
      ['one', 'two', 'Timestamp'],
    )
  })

  it('follows imports of the Google files that protobufjs ships', (t) => {
    const protoDir = folderOf(t, {
      'audit.proto':
        'syntax = "proto2"; import "google/protobuf/descriptor.proto"; import "google/protobuf/api.proto"; import "google/protobuf/struct.proto";\n' +
        'extend google.protobuf.FieldOptions { optional string unit = 50000; }\n' +
        'message audit_message { optional google.protobuf.Api api = 1 [(unit) = "x"]; optional google.protobuf.FileDescriptorProto file = 2; optional google.protobuf.Value value = 3; }',
    })
    const { fields } = loadSchema('audit', { protoDir }).payload
    assert.deepEqual(
      Object.values(fields).map((field) => field.resolve().resolvedType?.name),
      ['Api', 'FileDescriptorProto', 'Value'],
    )
    const value = fields.value?.resolvedType
    assert.ok(value instanceof protobuf.Type)
    assert.equal(recordName(value.fieldsById[3] as protobuf.Field), 'string_value')
  })

  it('uses the envelope of the folder where it has one', (t) => {
    const text = 'message MsgProto { optional bytes data = 9; optional uint64 timestamp = 1; }'
    const protoDir = folderOf(t, { 'streaming.proto': text })
    assert.equal(loadSchema('audit', { protoDir }).envelope.fields.data?.id, 9)
  })

  it('refuses an envelope whose fields are of other types', (t) => {
    const text = 'message MsgProto { optional bytes data = 3; optional string timestamp = 4; }'
    const protoDir = folderOf(t, { 'streaming.proto': text })
    assert.match(
      faultOf('audit', protoDir),
      /streaming\.proto: expected field timestamp of MsgProto to be int64 or .*; got string/,
    )
  })

  const wrong: Record<string, [Record<string, string>, RegExp]> = {
    'a syntax error': [
      { 'audit.proto': `${AUDIT}message {\n` },
      /audit\.proto:4: illegal type name '\{'/,
    ],
    'a file cut short': [{ 'audit.proto': AUDIT.slice(0, -3) }, /audit\.proto:\d: illegal/],
    'a web page in place of the file': [
      { 'audit.proto': '<!DOCTYPE html>\n<html></html>' },
      /audit\.proto:1: illegal token '<'/,
    ],
    'a type that is not there': [
      { 'audit.proto': 'message audit_message {\n\n  optional Missing x = 1;\n}' },
      /audit\.proto:3: .*Missing/,
    ],
    'a name that is there twice': [
      { 'audit.proto': `${AUDIT}message x {}\nmessage x {}\n` },
      /audit\.proto:5: duplicate name 'x'/,
    ],
    'a number that is there twice': [
      { 'audit.proto': 'message audit_message { optional string a = 1; optional string b = 1; }' },
      /audit\.proto: duplicate id 1 in Type .*audit_message/,
    ],
    'an import of a Google file that is not there': [
      { 'audit.proto': `import "google/protobuf/gone.proto";\n${AUDIT}` },
      /audit\.proto:1: imports "google\/protobuf\/gone\.proto", which is not in /,
    ],
    'an import that is not there': [
      { 'audit.proto': `\nimport "gone.proto";\n${AUDIT}` },
      /audit\.proto:2: imports "gone\.proto", which is not in /,
    ],
    'an import that does not parse': [
      { 'audit.proto': `import "x.proto";\n${AUDIT}`, 'x.proto': 'message\n\n{' },
      /x\.proto:3: illegal/,
    ],
    'a type that an imported file misses': [
      {
        'audit.proto': `import "x.proto";\n${AUDIT}`,
        'x.proto': '\nmessage two { optional Missing m = 1; }',
      },
      /x\.proto:2: no such Type or Enum 'Missing' in Type \.two/,
    ],
    'a file without the root message': [
      { 'audit.proto': 'message one { message inner {} }\nmessage two {}' },
      /expected message audit_message; the messages in audit\.proto are: one, inner, two/,
    ],
    'a folder without .proto files': [{ 'x.txt': AUDIT }, /expected \.proto files from Central/],
  }
  for (const [kind, [files, expected]] of Object.entries(wrong)) {
    it(`says what is wrong with ${kind}`, (t) => {
      assert.match(faultOf('audit', folderOf(t, files)), expected)
    })
  }

  it('says so where the folder does not exist', (t) => {
    const gone = join(folderOf(t, {}), 'gone')
    assert.match(
      faultOf('audit', gone),
      /gone: expected a folder with \.proto files from Central; it does not exist$/,
    )
  })
})

describe('the files of any service', () => {
  const name = { service: 'classic', file: 'location', message: 'stream_geofence_notify' }

  it('have all their messages, by name', () => {
    const file = loadShipped(name)
    assert.equal(file.get('stream_geofence_notify').fieldsArray.length, 7)
    assert.equal(file.find('gone'), undefined)
    assert.throws(
      () => file.get('gone'),
      /location\.proto: expected message gone; the messages in /,
    )
  })

  it('come from a folder by the message that tells them apart', (t) => {
    const text =
      'message APInfo { optional string x = 1; } message RadioInfo { optional APInfo ap = 1; }'
    const dir = folderOf(t, { 'ap_events (2).proto': text })
    const ap = { service: 'newcentral', file: 'ap-events', message: 'APInfo' }
    assert.equal(loadFromDir(dir, ap, [])?.get('RadioInfo').fields.ap?.id, 1)
    assert.equal(loadFromDir(dir, name, []), undefined)
  })

  it('say in plain words what cannot be read', (t) => {
    const dir = folderOf(t, { 'audit.proto/x': '' })
    assert.match(
      faultOf('audit', dir),
      /audit\.proto: it cannot be read: it is a folder, not a file$/,
    )
    assert.match(
      faultOf('audit', join(dir, 'audit.proto', 'x')),
      /from Central; it is a file, not a folder$/,
    )
  })
})
