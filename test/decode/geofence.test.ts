import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { loadSchema } from '../../src/classic/schema.js'
import type { UnknownField } from '../../src/decode/unknown-fields.js'
import { dataOf, schemaOf } from '../helpers/decode.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { bytes, fixed32, frameOf, int } from '../helpers/wire.js'

const EVENT = int(1, 1)
const FENCE = bytes(2, 'fence 1')
const NAME = bytes(3, 'Lobby')
const MAC = bytes(4, bytes(1, Uint8Array.of(2, 0, 0, 0, 0, 1)))
const DWELL = int(6, 30)
const X = fixed32(1, (buffer) => buffer.writeFloatLE(1.5))

const NOTICE = {
  geofence_event: 'ZONE_OUT',
  geofence_id: 'ZmVuY2UgMQ==',
  geofence_name: 'Lobby',
  sta_eth_mac: { addr: 'AgAAAAAB' },
  dwell_time: 30,
}

describe('a geofence notice on location', () => {
  const orders: Record<string, Uint8Array[]> = {
    'in the order of its fields': [EVENT, FENCE, NAME, MAC, DWELL],
    'in any order': [DWELL, NAME, MAC, FENCE, EVENT],
    'behind unknown fields': [int(90, 1), bytes(91, 'x'), EVENT, FENCE, NAME, MAC, DWELL],
  }
  for (const [kind, payload] of Object.entries(orders)) {
    it(`is decoded as one, ${kind}`, () => {
      const unknown: UnknownField[] = []
      const onUnknown = (news: readonly UnknownField[]) => unknown.push(...news)
      assert.deepEqual(dataOf('location', frameOf(...payload), { onUnknown }), NOTICE)
      assert.deepEqual(
        unknown.filter(({ field }) => typeof field !== 'number' || field < 90),
        [],
      )
    })
  }

  it('needs one of the fields that tell it from a position', () => {
    assert.deepEqual(dataOf('location', frameOf(EVENT)), { geofence_event: 'ZONE_OUT' })
    assert.deepEqual(dataOf('location', frameOf(FENCE), { readable: true }), {
      geofence_id: 'fence 1',
    })
    assert.deepEqual(dataOf('location', frameOf(bytes(7, 'h'))), { hashed_sta_eth_mac: 'h' })
    assert.deepEqual(dataOf('location', frameOf()), {})
  })

  it('is one without its first three fields, where nothing of a position comes', () => {
    const { sta_eth_mac, dwell_time } = NOTICE
    assert.deepEqual(dataOf('location', frameOf(MAC, DWELL)), { sta_eth_mac, dwell_time })
    assert.deepEqual(dataOf('location', frameOf(DWELL, bytes(7, 'h'), int(90, 1))), {
      dwell_time,
      hashed_sta_eth_mac: 'h',
    })
    assert.deepEqual(dataOf('location', frameOf(DWELL, bytes(16, 'campus'))), {
      campus_id_string: 'campus',
    })
  })

  it('is no position, which keeps its fields', () => {
    assert.deepEqual(dataOf('location', frameOf(X, int(3, 5))), {
      sta_location_x: 1.5,
      error_level: 5,
    })
    assert.deepEqual(dataOf('location', frameOf(bytes(7, 'h'), int(3, 5))), {
      error_level: 5,
      hashed_sta_eth_mac: 'h',
    })
  })

  it('is looked for on location alone', () => {
    const schema = schemaOf('message M { optional float x = 1; }')
    assert.deepEqual(dataOf(schema, frameOf(EVENT)), {})
  })

  it('is found with a --proto_dir whose file lacks its message', (t) => {
    const folder = tempFolder(t)
    const shipped = new URL('../../proto/classic/location.proto', import.meta.url)
    const text = readFileSync(shipped, 'utf8')
    const older = text.slice(0, text.indexOf('message stream_geofence_notify'))
    writeFileSync(join(folder, 'location.proto'), older)
    const schema = loadSchema('location', { protoDir: folder })
    assert.deepEqual(schema.notes, [])
    assert.deepEqual(dataOf(schema, frameOf(EVENT, FENCE, NAME, MAC, DWELL)), NOTICE)
  })
})
