import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ipText, macText, readableText } from '../../src/newcentral/readable.js'
import { recordOf } from '../helpers/event.js'
import { bytes } from '../helpers/wire.js'

describe('a readable MAC address', () => {
  const spellings = [
    '0a:1b:2c:03:04:ff',
    '0A:1B:2C:03:04:FF',
    '0a-1b-2c-03-04-ff',
    '0A1B.2C03.04FF',
    '0a1b-2c03-04ff',
    '0a1b2c-0304ff',
    '0A1B2C0304FF',
    '0a 1b 2c 03 04 ff',
    'a:1b:2c:3:4:ff',
  ]
  for (const text of spellings) {
    it(`has one spelling: ${text}`, () => assert.equal(macText(text), '0a:1b:2c:03:04:ff'))
  }

  const others = [
    '',
    'none',
    '0a:1b:2c:03:04',
    '0a:1b-2c:03:04:ff',
    '0a1b2c0304f',
    '0a:1b:2c:03:04:fg',
    '0a:1b:2c:03:04:ff:00',
    ' 0a:1b:2c:03:04:ff',
    '0a:1b:2c:03:04:ff\n',
  ]
  for (const text of others) {
    it(`is none in other text: ${JSON.stringify(text)}`, () =>
      assert.equal(macText(text), undefined))
  }
})

describe('a readable IP address', () => {
  const addresses: Record<string, string> = {
    '10.1.2.3': '10.1.2.3',
    '2001:DB8:0:0:0:0:0:1': '2001:db8::1',
    '2001:0db8:0000:0001:0001:0001:0001:0001': '2001:db8:0:1:1:1:1:1',
    '::': '::',
    '0:0:0:0:0:0:0:0': '::',
    '1::': '1::',
    '::1': '::1',
    'FE80::1%eth0': 'fe80::1%eth0',
    '2001:DB8::/32': '2001:db8::/32',
    '::FFFF:192.0.2.1': '::ffff:192.0.2.1',
    '::ffff:c000:201': '::ffff:192.0.2.1',
    '64:ff9b::192.0.2.33': '64:ff9b::c000:221',
    '1:2:3:4:5:6:192.0.2.33': '1:2:3:4:5:6:c000:221',
  }
  for (const [text, expected] of Object.entries(addresses)) {
    it(`has its canonical form: ${text}`, () => assert.equal(ipText(text), expected))
  }

  for (const text of [
    '',
    'unknown',
    '010.001.002.003',
    '10.1.2',
    '1::2::3',
    '2001:db8::g',
    '12345::',
    '::1 ',
    '::1%a b',
  ]) {
    it(`is none in other text: ${JSON.stringify(text)}`, () =>
      assert.equal(ipText(text), undefined))
  }
})

describe('the readable fields of New Central', () => {
  it('are all that hold a MAC or IP address by their names, and no other', () => {
    const file = new URL('../fixtures/schema-newcentral.json', import.meta.url)
    const streams: { messages: Record<string, { name: string; type: string }[]> }[] = Object.values(
      JSON.parse(readFileSync(file, 'utf8')),
    )
    const texts = streams.flatMap(({ messages }) =>
      Object.values(messages).flatMap((fields) => fields.filter(({ type }) => type === 'string')),
    )
    const names = [...new Set(texts.map(({ name }) => name))]
    const likely = names.filter((name) => /(^|_)(mac|ip|ipv\d|bssid|gateway)(_|$)/.test(name))
    const readable = names.filter((name) => readableText('M', name, 'string') !== undefined)
    const not = ['client_mac_vendor', 'hashed_sta_eth_mac', 'mac_vendor']
    assert.deepEqual(readable.sort(), likely.filter((name) => !not.includes(name)).sort())
    assert.ok(readable.length > 30)
    assert.equal(readableText('M', 'mac_address', 'bytes'), undefined)
  })

  it('are in one spelling, also in lists, and as they came where they hold something else', () => {
    const alert = bytes(19, bytes(2, '0A1B.2C03.04FF'), bytes(2, 'n/a'), bytes(2, 'é'))
    const client = bytes(
      1,
      bytes(
        1,
        bytes(1, '0A-1B-2C-03-04-FF'),
        bytes(10, '10.0.0.1'),
        bytes(11, '2001:DB8::0'),
        bytes(12, '2001:DB8::0'),
      ),
    )
    const frame = (payload: Uint8Array) => bytes(8, bytes(2, payload))
    assert.deepEqual(recordOf('alert-events', frame(alert), { readable: true }).data, {
      impacted_entities: { client_mac: ['0a:1b:2c:03:04:ff', 'n/a', 'é'] },
    })
    const plain = recordOf('clients-events', frame(client)).data
    const readable = recordOf('clients-events', frame(client), { readable: true }).data
    const details = (mac_address: string, ipv6: string) => ({
      client_state: {
        client_details: { mac_address, ipv4: '10.0.0.1', ipv6, device_name: '2001:DB8::0' },
      },
    })
    assert.deepEqual(plain, details('0A-1B-2C-03-04-FF', '2001:DB8::0'))
    assert.deepEqual(readable, details('0a:1b:2c:03:04:ff', '2001:db8::'))
  })
})
