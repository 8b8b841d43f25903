import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openOutput } from '../../src/outputs/open-output.js'
import { closedPort } from '../helpers/central.js'
import { fakeContext } from '../helpers/export-fakes.js'

const REFUSED: readonly [type: string, shown: RegExp][] = [
  [
    'jsn',
    /expected one of json\[:PATH\], .*nats:.*\.\/MODULE\.mjs; got "jsn" \(did you mean "json"\?\)/,
  ],
  ['my-module.mjs', /\(did you mean "\.\/my-module\.mjs"\?\)/],
  ['out.json', /\(did you mean "json:out\.json"\?\)$/],
  ['logs/out.ndjson', /\(did you mean "json:logs\/out\.ndjson"\?\)$/],
  ['out.csv', /\(did you mean "csv:FOLDER"\?\)$/],
  ['collector.example:5000', /got "collector\.example:5000"$/],
  ['', /got ""$/],
  ['xml', /got "xml"$/],
  [
    'presenceExport',
    /got "presenceExport"; a class of wsclient_public\.py becomes a module, see docs\//,
  ],
  ['mqtt://broker', /"mqtt:\/\/broker" is no TYPE; print .*mosquitto_pub/],
  ['influxdb', /"influxdb" is no TYPE; use the module examples\/influxdb\.mjs/],
  ['sqlite', /"sqlite" is no TYPE; use the module examples\/sqlite\.mjs/],
  ['elasticsearch', /"elasticsearch" is no TYPE; write a module/],
  ['toString', /got "toString"$/],
  ['json:', /expected json\[:PATH\]; got "json:"/],
  ['kafka:host:9092/p', /expected kafka:\/\/HOST:9092\/PREFIX; got/],
  ['tcp:host:1', /expected tcp:\/\/HOST:PORT; got "tcp:host:1"/],
  ['htps://host/in?token=hidden', /got "htps:\/\/host\/in" \(did you mean "https"\?\)/],
  ['http:/user:hidden@host', /expected http:\/\/HOST\/PATH; got "http:\/\*\*\*\*@host"/],
  ['Kafka://host:9092/p', /\(did you mean "kafka:\/\/host:9092\/p"\?\)$/],
  ['NATS://user:hidden@host/p', /\(did you mean "nats:\/\/\*\*\*\*@host\/p"\?\)$/],
  ['JSON:out', /\(did you mean "json:out"\?\)$/],
  ['file:///tmp/out.ndjson', /is no TYPE; write json:PATH/],
  ['stdout', /"stdout" is no TYPE; --decode_data prints records on stdout/],
  ['-', /"-" is no TYPE; --decode_data prints records on stdout/],
  ['mysql://user:hidden@host/db', /"mysql:\/\/\*\*\*\*@host\/db" is no TYPE; write a module/],
  ['redis://user:hid/den@host', /got "redis:\/\/\*\*\*\*@host"/],
  ['redis://user:hidden@host', /got "redis:\/\/\*\*\*\*@host"/],
]

for (const [type, shown] of REFUSED) {
  test(`the command line refuses "${type}" and says what there is`, async () => {
    await assert.rejects(openOutput(type, fakeContext()), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'usage')
      assert.match(error.message, shown)
      assert.doesNotMatch(error.message, /hid/)
      return true
    })
  })
}

for (const type of ['kafka', 'postgres', 'http', 'nats', 'tcp', 'tls']) {
  // The grace of this context never ends: an end that waits for it would not come.
  test(`${type}:// whose other side is away holds up no end that has nothing to deliver`, async () => {
    const context = fakeContext()
    const output = await openOutput(
      `${type}://127.0.0.1:${await closedPort()}${/^t/.test(type) ? '' : '/net'}`,
      context,
    )
    await output.close()
    if (type !== 'http') {
      assert.match(context.logged.map(({ message }) => message).join('\n'), /messages wait/)
    }
    assert.equal(context.counters.givenUp, 0)
  })
}
