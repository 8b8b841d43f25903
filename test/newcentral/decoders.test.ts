import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type LogLevel, loggerTo } from '../../src/log.js'
import { createDecoders } from '../../src/newcentral/record.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { bytes, int } from '../helpers/wire.js'

const WIDS = new URL('../../proto/newcentral/wids.proto', import.meta.url)

function logging(protoDir?: string) {
  const lines: string[] = []
  const log = loggerTo((level: LogLevel, message: string) => {
    if (level !== 'debug') lines.push(`${level}: ${message}`)
  })
  return { lines, decoders: createDecoders({ protoDir, readable: true, log }) }
}

describe('the decoders of New Central', () => {
  it('log what the schema does not know once a topic, with advice', () => {
    const { lines, decoders } = logging()
    for (const name of ['A', 'B', 'A']) {
      const frame = bytes(8, bytes(2, bytes(2, int(44, 1))))
      const decoder = decoders.of({ name, topic: 'wids' })
      assert.equal(
        decoder.decode({ bytes: frame, receivedAt: 0, text: false }, 'line').customer,
        name,
      )
    }
    assert.deepEqual(lines, [
      'warn: wids: the schema does not know field 44 of WidsSignaturesEvent; download newer .proto files from Central and use --proto_dir',
    ])
  })

  it('say which files of a folder are older than the shipped ones, and which are missing', (t) => {
    const folder = tempFolder(t)
    const text = readFileSync(WIDS, 'utf8').replace(/^.* mac_addr = 7;\n/m, '')
    writeFileSync(join(folder, 'wids.proto'), text)
    const { lines, decoders } = logging(folder)
    decoders.load(['wids', 'gw-events', 'wids'])
    const frame = bytes(8, bytes(2, bytes(2, bytes(7, 'x'))))
    decoders
      .of({ name: 'A', topic: 'wids' })
      .decode({ bytes: frame, receivedAt: 0, text: false }, 'line')
    assert.deepEqual(
      lines.map((line) => line.replaceAll(folder, 'DIR')),
      [
        'warn: gw-events: DIR has no .proto file with message MonitoringInformation of this topic; the shipped one is used',
        'warn: wids: the .proto files in DIR do not know field 7 of WidsSignaturesEvent, but the shipped ones do; update or remove them',
      ],
    )
  })

  it('refuse a folder that has no schemas before anything is decoded', (t) => {
    const { decoders } = logging(tempFolder(t))
    assert.throws(() => decoders.load(['wids']), { code: 'schema-invalid' })
  })
})
