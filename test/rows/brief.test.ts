import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BriefOptions, briefLines } from '../../src/rows/brief.js'
import { tablesOf } from '../../src/rows/tables.js'
import type { AnyRecord, AnyTopic } from '../../src/service.js'
import { displayWidth } from '../../src/text.js'

const NOW = new Date(2026, 10, 25, 17, 58, 7)

const PLAIN: BriefOptions = { now: () => NOW.getTime(), columns: undefined, colour: false }

function lines(topic: AnyTopic, data: object, options: Partial<BriefOptions> = {}): string[] {
  const timestamp = `${NOW.getTime()}000000`
  const record = { customer: 'A', topic, timestamp, customer_id: '', msp_ip: '', data }
  return linesOf(record as AnyRecord, options)
}

function linesOf(record: AnyRecord, options: Partial<BriefOptions> = {}): string[] {
  const table = tablesOf(record.topic as AnyTopic, { protoDir: undefined, readable: false })
  return [...briefLines(table, record, { ...PLAIN, ...options })]
}

/** What stands behind time, entry and kind of row. */
const said = (...args: Parameters<typeof lines>) => lines(...args).map((line) => line.slice(55, -1))

const mac = (hex: string) => ({ addr: Buffer.from(hex, 'hex').toString('base64') })
const CLIENT = mac('8cf5a3bc29fd')

describe('brief lines', () => {
  test('begin with the local time, the entry and the kind of row', () => {
    const data = { pa_rssi_event: { rssi: [{ sta_eth_mac: CLIENT, rssi_val: -56 }] } }
    assert.deepEqual(lines('presence', data), [
      '17:58:07 A                    presence.rssi            8c:f5:a3:bc:29:fd -56 dBm\n',
    ])
  })

  test('name the day where it is not today, and no time where there is none', () => {
    const data = { pa_rssi_event: { rssi: [{ rssi_val: -56 }] } }
    const [line] = lines('presence', data, { now: () => NOW.getTime() + 86_400_000 })
    assert.match(line ?? '', /^2026-11-25 17:58:07 A /)
    const lastNanos = `${NOW.getTime()}999999`.replace(/\d{9}$/, '999999999')
    const record = { customer: 'A', topic: 'presence', data, timestamp: lastNanos }
    const [late] = linesOf(record as unknown as AnyRecord)
    assert.match(late ?? '', /^17:58:07 A /)
    const [bare] = linesOf({ customer: 'A', topic: 'presence', data } as unknown as AnyRecord)
    assert.match(bare ?? '', /^--:--:-- A /)
  })

  test('say who was heard where, and how strongly, with the unit where it is known', () => {
    const rssi = { sta_eth_mac: CLIENT, device_id: 'CN99', rssi_val: -56, associated: true }
    assert.deepEqual(
      said('presence', {
        pa_proximity_event: { proximity: [rssi, { ...rssi, associated: false }] },
      }),
      ['8c:f5:a3:bc:29:fd at CN99 -56 dBm associated', '8c:f5:a3:bc:29:fd at CN99 -56 dBm'],
    )
    const raw_rssi = { client_mac: '8C-F5-A3-BC-29-FD', ap_name: 'ap-1', rssi_val: -78 }
    assert.deepEqual(said('rssi-events', { raw_rssi }), ['8c:f5:a3:bc:29:fd at ap-1 signal -78'])
  })

  test('tell the signal of a client from its distance to the noise', () => {
    const stats = { macaddr: mac('8cf5a3bc29fd'), device_id: 'CN99', signal_in_db: 54, snr: 41 }
    assert.deepEqual(said('monitoring', { client_stats: [stats] }), [
      '8c:f5:a3:bc:29:fd at CN99 signal 54 dB SNR 41 dB',
    ])
  })

  test('say how much a client sent and received in units for people', () => {
    const stats = { macaddr: mac('8cf5a3bc29fd'), tx_bytes: '133098600', rx_bytes: '512' }
    assert.deepEqual(said('monitoring', { client_stats: [stats] }), [
      '8c:f5:a3:bc:29:fd 133 MB sent 512 B received',
    ])
  })

  test('say in which state clients with a label are, and whether they are connected', () => {
    const state = { is_label: true, label_id: '5', state: 'engaged', is_associated: true }
    const [line] = lines('presence', { pa_client_state: { presence_client_state: [state] } })
    assert.match(line ?? '', /\.presence_client_state label 5 engaged associated\n$/)
  })

  test('say which device is up or down, who changed what, and which rogue was seen', () => {
    const ap = { name: 'ap-1', serial: 'CN99', status: 'DOWN', model: 'AP-515' }
    assert.deepEqual(said('monitoring', { aps: [ap] }), ['ap-1 DOWN CN99 AP-515'])
    const gateway_state = { device_name: 'gw-1', serial_number: 'GW7', status: 'STATUS_UP' }
    assert.deepEqual(said('gw-events', { gateway_state }), ['gw-1 UP GW7'])
    const audit = {
      username: 'ann',
      service: 'CONFIGURATION',
      target: 'SG8',
      config_info: { data: 'VLAN 20 added' },
    }
    assert.deepEqual(said('audit', audit), ['ann CONFIGURATION SG8 VLAN 20 added'])
    const rogue = {
      rogue_id: mac('c83a358ebc1e'),
      rogue_name: 'Tenda',
      ssid: 'Corp',
      last_det_device: 'CN99',
    }
    assert.deepEqual(said('security', { rogue: [rogue] }), [
      'rogue Tenda Corp c8:3a:35:8e:bc:1e seen by CN99',
    ])
    const notice = {
      geofence_event: 'ZONE_IN',
      geofence_name: 'Lobby',
      sta_eth_mac: CLIENT,
      dwell_time: 5,
    }
    assert.deepEqual(said('location', notice), ['8c:f5:a3:bc:29:fd ZONE_IN Lobby after 5 s'])
    assert.deepEqual(
      said('location', { sta_location_x: 1.23456, sta_location_y: 2, unit: 'METERS' }),
      ['x 1.23 y 2 METERS'],
    )
  })

  test('show values by their names where nothing better is known', () => {
    const data = { customer_id: 'c', timestamp: 5 }
    assert.deepEqual(said('monitoring', data), ['customer_id=c timestamp=5'])
  })

  test('have the message’s own row only where its lists have none', () => {
    assert.equal(lines('presence', { event: 'x', pa_rssi_event: { rssi: [{}, {}] } }).length, 2)
    assert.equal(lines('presence', { event: 'x', pa_rssi_event: {} }).length, 1)
  })

  test('are cut to the width of a terminal, and never where they are piped', () => {
    const aps = [{ name: '机房'.repeat(60), serial: 'CN99', status: 'UP' }]
    for (const columns of [40, 80, 120]) {
      const [line = ''] = lines('monitoring', { aps }, { columns })
      const width = displayWidth(line.trimEnd())
      assert.ok(width <= columns && width >= columns - 1, `${width} of ${columns}`)
    }
    const [line = ''] = lines('monitoring', { aps })
    assert.ok(line.endsWith('UP CN99\n'))
  })

  test('hold nothing that a terminal obeys, and one line a row', () => {
    const aps = [{ name: 'a\u001b[2J\nb\u202ec', serial: 'S' }]
    assert.deepEqual(said('monitoring', { aps }), ['a\\u001b[2J\\nb\\u202ec S'])
  })

  test('colour states on a terminal with colours', () => {
    const aps = [
      { name: 'a', status: 'UP' },
      { name: 'b', status: 'DOWN' },
    ]
    const [up, down] = lines('monitoring', { aps }, { colour: true })
    assert.ok(up?.endsWith('a \u001b[32mUP\u001b[39m\n'))
    assert.ok(down?.endsWith('b \u001b[31mDOWN\u001b[39m\n'))
  })
})
