import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseCommandLine } from '../../src/commands/command-line.js'
import { StreamError } from '../../src/errors.js'

const NEEDED = ['--hostname', 'central.example.com', '--jsoninput', 'input.json']

function parse(...args: string[]) {
  return parseCommandLine(args, '1.2.3')
}

function streamed(...args: string[]) {
  const invocation = parse(...NEEDED, ...args)
  assert.equal(invocation.command, 'stream')
  return invocation.settings
}

function refusal(...args: string[]): string {
  try {
    parse(...args)
  } catch (error) {
    assert.ok(error instanceof StreamError)
    assert.equal(error.code, 'usage')
    return error.message
  }
  assert.fail(`accepted: ${args.join(' ')}`)
}

describe('parseCommandLine', () => {
  test('reads the reference script’s own command line', () => {
    const settings = streamed(
      ...['--start_seq', '5', '--deliver_last', '--deliver_all', '--since_time', '1h30m'],
      ...['--decode_data', '--no_valid_cert', '--export_data', './a.mjs'],
    )
    assert.deepEqual(settings.host, { authority: 'central.example.com', secure: true })
    assert.equal(settings.inputFile, 'input.json')
    assert.deepEqual(settings.replay, {
      startSeq: 5,
      deliverLast: true,
      deliverAll: true,
      sinceTime: '1h30m',
    })
    assert.equal(settings.print, true)
    assert.equal(settings.verifyCertificates, false)
    assert.deepEqual(settings.exports, ['./a.mjs'])
  })

  test('needs nothing but hostname and jsoninput', () => {
    const settings = streamed()
    assert.deepEqual(settings.replay, {})
    assert.equal(settings.print, false)
    assert.equal(settings.verifyCertificates, true)
    assert.equal(settings.reconnect, true)
    assert.deepEqual(settings.exports, [])
    assert.equal(settings.statsIntervalMs, undefined)
    assert.deepEqual(settings.log, { format: 'text', level: 'info' })
  })

  test('takes - for _ in an option, and leaves values alone', () => {
    const settings = streamed('--no-valid-cert', '--since-time=10s', '--dead-letter=a-b_c')
    assert.equal(settings.verifyCertificates, false)
    assert.equal(settings.replay.sinceTime, '10s')
    assert.equal(settings.deadLetterFile, 'a-b_c')
  })

  test('takes decode_decode for decode_data and does not list it', () => {
    assert.equal(streamed('--decode_decode').print, true)
    const help = parse('--help')
    assert.ok(help.command === 'show' && !help.text.includes('decode_decode'))
  })

  test('takes export_data more than once, in order', () => {
    assert.deepEqual(streamed('--export_data', 'json', '--export-data=csv').exports, [
      'json',
      'csv',
    ])
  })

  test('reads where the metrics listen', () => {
    assert.deepEqual(streamed('--metrics', '9464').metrics, { host: '127.0.0.1', port: 9464 })
    assert.deepEqual(streamed('--metrics', '0.0.0.0:1').metrics, { host: '0.0.0.0', port: 1 })
    assert.deepEqual(streamed('--metrics', '[::1]:1').metrics, { host: '::1', port: 1 })
  })

  test('keeps the commands’ options apart', () => {
    assert.match(refusal('check', '--jsoninput', 'f', '--record', 'x'), /^--record is no option/)
    const check = parse('check', '--offline', '--jsoninput', 'f')
    assert.ok(check.command === 'check' && check.settings.host === undefined)
    const replay = parse('replay', '-', '--decode_data')
    assert.ok(replay.command === 'replay' && replay.settings.file === '-' && replay.settings.print)
  })

  test('shows the version', () => {
    assert.deepEqual(parse('--version'), { command: 'show', text: '1.2.3\n' })
  })

  for (const [what, args, expected] of [
    ['nothing at all', [], /missing --hostname HOST and --jsoninput FILE/],
    ['no input file', ['--hostname', 'h'], /missing --jsoninput FILE/],
    ['an unknown option', [...NEEDED, '--decode'], /--decode; the nearest is --decode_data/],
    [
      'an option of another command',
      ['replay', '-', '--hostname', 'h'],
      /^--hostname is no option of replay, but of aruba-stream and check \(see aruba-stream replay --help\)/,
    ],
    ['an option without its value', ['--hostname', 'h', '--jsoninput'], /--jsoninput .*missing/],
    [
      'an option in place of a value',
      ['--hostname', '--jsoninput', 'f'],
      /^--hostname: expected a value; got the next option/,
    ],
    [
      'an option in place of the last value',
      ['--jsoninput', 'f', '--hostname', '--decode-data'],
      /^--hostname: expected a value; got the next option/,
    ],
    [
      'an option in place of a value that may be repeated',
      [...NEEDED, '--export_data', 'json', '--export_data', '--readable'],
      /^--export_data: expected a value; got the next option/,
    ],
    [
      'an option of a command in place of a value',
      ['check', '--jsoninput', '--offline'],
      /^--jsoninput: expected a value; .*aruba-stream check --help/,
    ],
    ['a value where none belongs', [...NEEDED, '--readable=1'], /^--readable takes no value/],
    ['an empty host', ['--hostname', '', '--jsoninput', 'f'], /^--hostname: expected a value; got/],
    ['an empty value', ['--hostname', 'h', '--jsoninput', ''], /--jsoninput: expected a value/],
    ['a word too many', [...NEEDED, 'now'], /the commands are check, replay, simulate/],
    ['a command that is nearly one', ['chek'], /did you mean check\?/],
    ['a start_seq that is no integer', [...NEEDED, '--start_seq', '1.5'], /an integer; got "1.5"/],
    ['a since_time in days', [...NEEDED, '--since_time', '1d'], /1h30m; got "1d"/],
    ['a metrics port too high', [...NEEDED, '--metrics', '70000'], /\[HOST:\]PORT/],
    ['a negative interval', [...NEEDED, '--stats_interval', '-1'], /seconds, such as 60/],
    ['an unknown level', [...NEEDED, '--log_level', 'loud'], /one of debug, info, warn, error/],
    [
      'plain text to a host elsewhere',
      ['--hostname', 'ws://h.example', '--jsoninput', 'f'],
      /loopback/,
    ],
    [
      'check without a host',
      ['check', '--jsoninput', 'f'],
      /missing --hostname HOST \(or --offline, for the file alone\); see aruba-stream check --help/,
    ],
    ['replay without a file', ['replay'], /FILE/],
  ] as const) {
    test(`refuses ${what} and says what was expected`, () => {
      assert.match(refusal(...args), expected)
    })
  }

  test('does not quote what stands behind the = of an unknown option', () => {
    assert.ok(!refusal('--wsskey=secret-part').includes('secret-part'))
    assert.ok(
      !refusal('--hostname', 'user:secret-part@h', '--jsoninput', 'f').includes('secret-part'),
    )
  })

  test('does not quote a key that stands where another value belongs', () => {
    const key = 'eyJhbGciOiJIUzI1NiJ9.eyJjdXN0b21lcl9pZCI6IjEyIn0.secret-part'
    for (const option of [
      '--hostname',
      '--start_seq',
      '--since_time',
      '--metrics',
      '--log_level',
    ]) {
      const message = refusal(...NEEDED, option, key)
      assert.ok(!/secret-part|eyJ/i.test(message), message)
    }
  })
})
