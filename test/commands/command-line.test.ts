import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseCommandLine } from '../../src/commands/command-line.js'
import { StreamError } from '../../src/errors.js'
import { DEFAULT_SIMULATION } from '../../src/simulator/settings.js'

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
      startSeq: 5n,
      deliverLast: true,
      deliverAll: true,
      sinceTime: '1h30m',
    })
    assert.equal(settings.print, 'records')
    assert.equal(settings.verifyCertificates, false)
    assert.deepEqual(settings.exports, ['./a.mjs'])
  })

  test('takes sequence numbers of 64 bits as they are', () => {
    for (const number of ['18446744073709551615', '9007199254740993', '-1']) {
      const { startSeq } = streamed('--start_seq', number).replay
      assert.equal(String(startSeq), number)
    }
  })

  test('needs nothing but hostname and jsoninput', () => {
    const settings = streamed()
    assert.deepEqual(settings.replay, {})
    assert.equal(settings.print, undefined)
    assert.equal(settings.verifyCertificates, true)
    assert.equal(settings.reconnect, true)
    assert.deepEqual(settings.exports, [])
    assert.equal(settings.statsIntervalMs, undefined)
    assert.deepEqual(settings.log, { format: 'text', level: 'info' })
  })

  test('prints rows with --rows, also beside --decode_data', () => {
    assert.equal(streamed('--rows').print, 'rows')
    assert.equal(streamed('--decode_data', '--rows').print, 'rows')
  })

  test('prints in brief with --brief, and refuses it together with --rows', () => {
    assert.equal(streamed('--brief').print, 'brief')
    assert.match(
      refusal(...NEEDED, '--rows', '--brief'),
      /--rows and --brief: expected one of them/,
    )
  })

  test('takes - for _ in an option, and leaves values alone', () => {
    const settings = streamed('--no-valid-cert', '--since-time=10s', '--dead-letter=a-b_c')
    assert.equal(settings.verifyCertificates, false)
    assert.equal(settings.replay.sinceTime, '10s')
    assert.equal(settings.deadLetterFile, 'a-b_c')
  })

  test('takes decode_decode for decode_data and does not list it', () => {
    assert.equal(streamed('--decode_decode').print, 'records')
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

  test('reads what a simulation is to do, with its defaults', () => {
    const plain = parse('simulate')
    assert.ok(plain.command === 'simulate')
    assert.deepEqual(plain.settings, DEFAULT_SIMULATION)
    const args = ['--port', '1', '--frames', 'f', '--loop', '--rate', '0', '--flaky', '3.5']
    const more = ['--unsubscribed', 'audit', '--unsubscribed', 'apprf', '--refused-key', 'k']
    const asked = parse('simulate', ...args, ...more)
    assert.ok(asked.command === 'simulate')
    assert.deepEqual(asked.settings, {
      ...DEFAULT_SIMULATION,
      port: 1,
      framesFile: 'f',
      loop: true,
      rate: 0,
      flakySeconds: 3.5,
      unsubscribed: ['audit', 'apprf'],
      refusedKeys: ['k'],
    })
  })

  test('shows the help of a command also where --help stands before its name', () => {
    assert.deepEqual(parse('--help', 'replay'), parse('replay', '--help'))
    assert.deepEqual(parse('-h', 'simulate'), parse('simulate', '--help'))
    assert.deepEqual(parse('--help', 'nothing'), parse('--help'))
  })

  test('names in each help what the options are unless given', () => {
    const help = (...args: string[]) => {
      const invocation = parse(...args, '--help')
      return invocation.command === 'show' ? invocation.text.replaceAll(/\s+/g, ' ') : ''
    }
    assert.match(help(), /--log_level <LEVEL> debug, info, warn, error \(default: "info"\)/)
    assert.match(help('replay'), /--log_format <FORMAT> text or json \(default: "text"\)/)
    assert.match(help('simulate'), /--port <N> .* \(default: 8765\)/)
  })

  test('shows the version', () => {
    assert.deepEqual(parse('--version'), { command: 'show', text: '1.2.3\n' })
  })

  for (const [what, args, expected] of [
    ['nothing at all', [], /missing --hostname HOST and --jsoninput FILE/],
    ['no input file', ['--hostname', 'h'], /missing --jsoninput FILE/],
    [
      'an unknown option',
      [...NEEDED, '--decode'],
      /^unknown option --decode; did you mean --decode_data\? \(see aruba-stream --help\)$/,
    ],
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
    [
      'an option with one value twice',
      [...NEEDED, '--hostname', 'other.example'],
      /^--hostname is there twice; expected it once \(see/,
    ],
    [
      'an option twice in two spellings',
      [...NEEDED, '--log-level=debug', '--log_level', 'debug'],
      /^--log_level is there twice/,
    ],
    [
      'an option of a command twice',
      ['simulate', '--port', '0', '--port', '1'],
      /^--port is there t/,
    ],
    ['a value where none belongs', [...NEEDED, '--readable=1'], /^--readable takes no value/],
    ['an empty host', ['--hostname', '', '--jsoninput', 'f'], /^--hostname: expected a value; got/],
    ['an empty value', ['--hostname', 'h', '--jsoninput', ''], /--jsoninput: expected a value/],
    [
      'a word too many',
      [...NEEDED, 'now'],
      /^"now" is neither a command nor the value of an option; the commands are check, replay, topics, simulate/,
    ],
    [
      'a word too many behind a command',
      ['replay', 'f', 'g'],
      /^"g" is not an option of replay, nor the value of one/,
    ],
    [
      'an option with a typographic dash',
      ['\u2014hostname', 'h', '\u2014jsoninput', 'f'],
      /^"\u2014hostname" begins with a typographic dash; expected --, two plain ones \(see/,
    ],
    [
      'a host without its option',
      ['eu.central.example:443', 'input.json'],
      /; did you mean --hostname eu\.central\.example:443\? \(see/,
    ],
    ['a file without its option', ['input.json'], /; did you mean --jsoninput input\.json\? \(see/],
    [
      'a second file',
      [...NEEDED, 'b.json'],
      /^"b\.json" is neither a command nor the value of an option; did you mean --jsoninput b\.json\?/,
    ],
    [
      'a file to check without its option',
      ['check', 'input.json'],
      /^"input\.json" is not an option of check, nor the value of one; did you mean --jsoninput input\.json\?/,
    ],
    ['a command that is nearly one', ['chek'], /^"chek" is no command; did you mean check\?/],
    [
      'a command that is nearly one, with its options',
      ['chek', '--offline'],
      /did you mean check\?/,
    ],
    [
      'options before a command',
      ['--hostname', 'h', 'check', '--jsoninput', 'f'],
      /^--hostname comes before check; expected options after it: aruba-stream check --hostname/,
    ],
    [
      'a property of the input file for an option',
      [...NEEDED, '--topic', 'audit'],
      /^unknown option --topic; topic is a property of an entry in the input file/,
    ],
    [
      'a property of New Central for an option',
      [...NEEDED, '--client-secret', 'x'],
      /^unknown option --client_secret; client_secret is a property of an entry in the input file/,
    ],
    [
      'an option of other programs',
      [...NEEDED, '--insecure'],
      /^unknown option --insecure; did you mean --no_valid_cert\? \(see/,
    ],
    [
      'another one',
      [...NEEDED, '-v'],
      /^unknown option -v; did you mean --log_level debug\? \(see/,
    ],
    [
      'one that the command has not',
      ['simulate', '-o', 'x'],
      /^unknown option -o; the options are /,
    ],
    [
      'an option that is close to none',
      ['check', '--frobnicate'],
      /^unknown option --frobnicate; the options are --hostname, --jsoninput, .*--help \(see/,
    ],
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
    ['check without a file', ['check'], /missing --hostname HOST and --jsoninput FILE \(see/],
    ['check --offline without a file', ['check', '--offline'], /missing --jsoninput FILE \(see/],
    [
      'replay without a file',
      ['replay'],
      /^missing FILE, which --record or --dead_letter wrote; - is stdin \(see aruba-stream replay --help\)/,
    ],
    [
      'a simulated port too high',
      ['simulate', '--port', '65536'],
      /a port, at most 65535; got "65536"/,
    ],
    ['a simulated port that is none', ['simulate', '--port', 'x'], /^--port: expected a port/],
    ['a negative rate', ['simulate', '--rate', '-1'], /^--rate: expected messages a second/],
    ['a rate of 0 without frames', ['simulate', '--rate', '0'], /^--rate: expected more than 0/],
    ['half a message', ['simulate', '--count', '1.5'], /^--count: expected a number of messages/],
    ['a loop of nothing', ['simulate', '--loop'], /^--loop: expected --frames FILE with it/],
    [
      'a topic that there is not',
      ['simulate', '--unsubscribed', 'wifi'],
      /expected one of apprf, /,
    ],
    ['no file of frames', ['simulate', '--frames', ''], /^--frames: expected a value; got nothing/],
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
    for (const args of [
      [key],
      [...NEEDED, key],
      ['check', key],
      ['replay', 'f', key],
      [`--${key}`],
    ]) {
      assert.doesNotMatch(refusal(...args), /secret-part|eyJ/i)
    }
  })
})
