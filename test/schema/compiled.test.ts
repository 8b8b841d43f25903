import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { compiledSchemas } from '../../scripts/compiled-schemas.js'
import { wellKnownOf } from '../../src/decode/well-known-types.js'
import { loadDocumented, loadShipped } from '../../src/schema/load-proto.js'
import { type FieldType, isEnum, isGroup, recordName } from '../../src/schema/message-type.js'
import { ROOT } from '../helpers/settings.js'

const COMPILED = join(ROOT, 'proto/compiled')

/** All that the program reads of a field. */
function factsOf(field: FieldType) {
  const { id, type, repeated, map, keyType, hasPresence, resolvedType, parent, partOf } =
    field.resolve()
  return {
    id,
    name: recordName(field),
    type: resolvedType?.fullName ?? type,
    values: isEnum(resolvedType) ? Object.entries(resolvedType.values) : undefined,
    repeated,
    key: map ? keyType : undefined,
    presence: Boolean(hasPresence),
    group: isGroup(field),
    parent: parent?.name,
    oneof: partOf?.fieldsArray.map(recordName),
  }
}

describe('the compiled schemas', () => {
  it('are those of the .proto files, and no others', () => {
    const expected = compiledSchemas()
    const files = readdirSync(COMPILED, { recursive: true, encoding: 'utf8' })
    assert.deepEqual(
      files.filter((path) => path.endsWith('.json')).sort(),
      [...expected.keys()].sort(),
    )
    for (const [name, text] of expected) {
      assert.equal(
        readFileSync(join(COMPILED, name), 'utf8'),
        text,
        `${name}: run npm run generate`,
      )
    }
  })

  it('say of each message what its parsed file says', () => {
    for (const path of compiledSchemas().keys()) {
      const [service = '', file = ''] = path.replace('.json', '').split('/')
      const parsed = loadDocumented({ service, file }).messages
      const opened = loadShipped({ service, file, message: '' }).messages
      assert.deepEqual(
        opened.map(({ fullName }) => fullName),
        parsed.map(({ fullName }) => fullName),
      )
      for (const [at, message] of parsed.entries()) {
        const own = opened[at] ?? assert.fail(message.fullName)
        assert.deepEqual(own.fieldsArray.map(factsOf), message.fieldsArray.map(factsOf))
        assert.deepEqual(Object.keys(own.fields), Object.keys(message.fields))
        assert.equal(own.oneofsArray.length, message.oneofsArray.length)
        assert.equal(own.name, message.name)
        assert.equal(wellKnownOf(own), wellKnownOf(message))
        assert.equal(own.root.lookup(own.fullName), own)
      }
    }
  })
})
