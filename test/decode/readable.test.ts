import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dataOf, outcomeOf, schemaOf } from '../helpers/decode.js'
import { bytes, frameOf, int } from '../helpers/wire.js'

const SCHEMA = schemaOf(`
  message M {
    optional mac_address mac = 1; optional MacAddress mac2 = 2;
    optional ip_address ip = 3; optional IpAddress ip2 = 4;
    optional bytes essid = 5; optional bytes network = 6; optional bytes dest_url_prefix = 7;
    optional bytes geofence_id = 8; optional bytes addr = 9; repeated mac_address macs = 10;
  }
  message mac_address { optional bytes addr = 1; optional bytes other = 2; }
  message MacAddress { optional bytes addr = 1; }
  message ip_address { optional bytes addr = 2; }
  message IpAddress { optional bytes addr = 2; }
`)

const readable = (...payload: Uint8Array[]) =>
  dataOf(SCHEMA, frameOf(...payload), { readable: true })
const ip = (hex: string) =>
  readable(bytes(3, bytes(2, Buffer.from(hex.replaceAll(' ', ''), 'hex'))))

describe('readable records', () => {
  it('have MAC addresses from six bytes and from twelve hex digits', () => {
    const raw = Uint8Array.of(0x0a, 0xbc, 0, 0xff, 1, 2)
    assert.deepEqual(readable(bytes(1, bytes(1, raw))), { mac: { addr: '0a:bc:00:ff:01:02' } })
    assert.deepEqual(readable(bytes(2, bytes(1, '0ABC00fF0102'))), {
      mac2: { addr: '0a:bc:00:ff:01:02' },
    })
    assert.deepEqual(readable(bytes(10, bytes(1, raw)), bytes(10)), {
      macs: [{ addr: '0a:bc:00:ff:01:02' }, {}],
    })
  })

  const addresses = {
    '7f 00 00 01': '127.0.0.1',
    'ff ff ff ff': '255.255.255.255',
    '2001 0db8 0000 0000 0000 0000 0000 0001': '2001:db8::1',
    '2001 0db8 0000 0001 0001 0001 0001 0001': '2001:db8:0:1:1:1:1:1',
    '2001 0000 0000 0001 0000 0000 0000 0001': '2001:0:0:1::1',
    '2001 0db8 0000 0000 0001 0000 0000 0001': '2001:db8::1:0:0:1',
    '0000 0000 0000 0000 0000 0000 0000 0000': '::',
    '0000 0000 0000 0000 0000 0000 0000 0001': '::1',
    'fe80 0000 0000 0000 0000 0000 0000 0000': 'fe80::',
    '0001 0002 0003 0004 0005 0006 0007 abcd': '1:2:3:4:5:6:7:abcd',
    '0000 0000 0000 0000 0000 ffff c000 0201': '::ffff:192.0.2.1',
    '0000 0000 0000 0000 0000 0000 c000 0201': '::c000:201',
    '0000 0000 0000 0000 0001 ffff c000 0201': '::1:ffff:c000:201',
  }
  for (const [hex, text] of Object.entries(addresses)) {
    it(`have ${text}`, () => assert.deepEqual(ip(hex), { ip: { addr: text } }))
  }

  it('have network names as text', () => {
    const names = [5, 6, 7, 8].map((number) => bytes(number, 'café "1"\n'))
    const text = 'café "1"\n'
    assert.deepEqual(readable(...names), {
      essid: text,
      network: text,
      dest_url_prefix: text,
      geofence_id: text,
    })
  })

  it('leave in base64 what does not fit', () => {
    assert.deepEqual(
      readable(
        bytes(1, bytes(1, 'short'), bytes(2, '123456')),
        bytes(2, bytes(1, '0ABC00fF010G')),
        bytes(3, bytes(2, '12345')),
        bytes(4, bytes(2)),
        bytes(5, Uint8Array.of(0xff)),
        bytes(9, '123456'),
      ),
      {
        mac: { addr: 'c2hvcnQ=', other: 'MTIzNDU2' },
        mac2: { addr: 'MEFCQzAwZkYwMTBH' },
        ip: { addr: 'MTIzNDU=' },
        ip2: { addr: '' },
        essid: '/w==',
        addr: 'MTIzNDU2',
      },
    )
  })

  it('are not made unless asked for', () => {
    assert.deepEqual(dataOf(SCHEMA, frameOf(bytes(1, bytes(1, '123456')), bytes(5, 'a'))), {
      mac: { addr: 'MTIzNDU2' },
      essid: 'YQ==',
    })
  })

  const times: Record<string, string> = {
    '0': '1970-01-01T00:00:00Z',
    '1700000000123456789': '2023-11-14T22:13:20.123456789Z',
    '1700000000120000000': '2023-11-14T22:13:20.120Z',
    '1700000000000001000': '2023-11-14T22:13:20.000001Z',
    '9223372036854775807': '2262-04-11T23:47:16.854775807Z',
    '-1': '1969-12-31T23:59:59.999999999Z',
    '-1000000000': '1969-12-31T23:59:59Z',
    '-9223372036854775808': '1677-09-21T00:12:43.145224192Z',
  }
  for (const [timestamp, time] of Object.entries(times)) {
    it(`have the time behind the timestamp: ${time}`, () => {
      const frame = int(4, BigInt(timestamp))
      const outcome = outcomeOf(SCHEMA, frame, { readable: true })
      assert.ok(typeof outcome === 'object')
      assert.equal(outcome.record.time, time)
      assert.equal(outcome.record.timestamp, timestamp)
      assert.deepEqual(Object.keys(outcome.record).slice(2, 4), ['timestamp', 'time'])
      const plain = outcomeOf(SCHEMA, frame)
      assert.ok(typeof plain === 'object')
      assert.equal('time' in plain.record, false)
    })
  }
})
