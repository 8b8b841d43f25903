import type { Command, CommanderError } from 'commander'
import { StreamError } from '../errors.js'
import { loadCommonJs } from '../load-common-js.js'
import { EXPORT_TYPES, MODULE_TYPE } from '../outputs/types.js'
import { SIMULATE_OPTIONS, type SimulateSettings, simulateSettings } from '../simulator/settings.js'
import { editDistance, nearest } from '../suggest.js'
import type { CheckSettings, ReplayFileSettings, StreamSettings } from './settings.js'
import { checkSettings, replayFileSettings, streamSettings } from './values.js'

const commander = loadCommonJs<typeof import('commander')>('commander')

/** What a command line asks for. */
export type Invocation =
  | { readonly command: 'stream'; readonly settings: StreamSettings }
  | { readonly command: 'check'; readonly settings: CheckSettings }
  | { readonly command: 'replay'; readonly settings: ReplayFileSettings }
  | { readonly command: 'simulate'; readonly settings: SimulateSettings }
  /** Help or version: a text for stdout. */
  | { readonly command: 'show'; readonly text: string }

const EXAMPLES = `
Examples:
  aruba-stream --hostname HOST --jsoninput input.json --decode_data | jq .data
  aruba-stream --hostname HOST --jsoninput input.json --readable --export_data json
  aruba-stream check --hostname HOST --jsoninput input.json
  aruba-stream simulate

HOST is the base URL on Central's Streaming page. Options may be spelled with - for _.
Exit codes: 0 ended as asked, 1 something failed, 2 wrong command line or input file,
3 Central refused.`

const OPTIONS = {
  hostname: ['--hostname <HOST>', "base URL from Central's Streaming page"],
  jsoninput: ['--jsoninput <FILE>', 'the input file: customers, keys and topics'],
  noValidCert: ['--no_valid_cert', 'do not verify certificates (for tests only)'],
} as const

/**
 * Reads the arguments after the program's name.
 * @throws StreamError `usage`; what may be a secret is not quoted
 */
export function parseCommandLine(args: readonly string[], version: string): Invocation {
  let invocation: Invocation | undefined
  let shown = ''
  const program = new commander.Command('aruba-stream')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        shown += text
      },
      writeErr: () => {},
    })
    .version(version, '-V, --version', 'show the version')
  describeStream(program, (made) => {
    invocation = made
  })
  program.hook('preAction', (_, command) => {
    const missed = optionTakenForValue(command, program)
    if (missed) throw new StreamError('usage', missed)
  })
  try {
    program.parse(args.map(withUnderscores), { from: 'user' })
  } catch (error) {
    if (!(error instanceof commander.CommanderError)) throw error
    if (error.exitCode === 0) return { command: 'show', text: shown }
    throw new StreamError('usage', explain(error, program, args))
  }
  if (!invocation) throw new StreamError('usage', 'no command was given; see aruba-stream --help')
  return invocation
}

function describeStream(program: Command, done: (invocation: Invocation) => void): void {
  program
    .description('Stream live network data from HPE Aruba Central as one JSON record a line.')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    // Each command has options of its own: those after its name are not the program's.
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES)
    .option(...OPTIONS.hostname)
    .option(...OPTIONS.jsoninput)
    .option('--start_seq <N>', 'ask for messages from sequence number N on')
    .option('--deliver_last', 'ask for the last message first')
    .option('--deliver_all', 'ask for all messages that Central still has')
    .option('--since_time <DURATION>', 'ask for the messages of the past 1h, 5m, 10s, 1h30m')
    .option(...OPTIONS.noValidCert)
    .option('--no_reconnect', 'end a stream when its connection ends')
    .option('--record <FILE>', 'append every frame as received to FILE, for replay')
    .option('--metrics <[HOST:]PORT>', 'serve /metrics (Prometheus) and /healthz')
    .action((values) => done({ command: 'stream', settings: streamSettings(values) }))
  describeDelivery(program)

  const check = program
    .command('check')
    .description('tell whether file, keys and topics are in order; writes nothing')
    .option(...OPTIONS.hostname)
    .option(...OPTIONS.jsoninput)
    .option('--offline', 'look at the file alone; needs no --hostname')
    .option('--json', 'print the findings as JSON')
    .option(...OPTIONS.noValidCert)
    .action((values) => done({ command: 'check', settings: checkSettings(values) }))

  const replay = program
    .command('replay')
    .description('decode, print and export recorded frames, offline')
    .argument('<FILE>', 'what --record or --dead_letter wrote, a .gz of it, or - for stdin')
    .action((file, values) =>
      done({ command: 'replay', settings: replayFileSettings(file, values) }),
    )
  describeDelivery(replay)

  const simulate = program
    .command('simulate')
    .description('run a local stand-in for Central to try everything against')
    .action((values) => done({ command: 'simulate', settings: simulateSettings(values) }))
  for (const { flags, description, repeatable } of SIMULATE_OPTIONS) {
    if (repeatable) simulate.option(flags, description, gather)
    else simulate.option(flags, description)
  }

  for (const command of [check, replay, simulate])
    command.helpOption('-h, --help', 'show this help')
}

/** The options that say what becomes of frames. */
function describeDelivery(command: Command): void {
  command
    .option('--decode_data', 'print each decoded message on stdout')
    .addOption(new commander.Option('--decode_decode').hideHelp())
    .option(
      '--export_data <TYPE>',
      `hand each message to ${Object.values(EXPORT_TYPES).join(', ')} or ${MODULE_TYPE}; may be repeated`,
      gather,
    )
    .option('--readable', 'MAC and IP addresses and network names as text instead of base64')
    .option('--proto_dir <DIR>', 'use the .proto files in DIR in place of the ones shipped')
    .option('--dead_letter <FILE>', 'append what could not be decoded or exported to FILE')
    .option('--stats_interval <SECONDS>', 'how often to log the counters (60; 0: never)')
    .option('--log_format <FORMAT>', 'text (unless told) or json')
    .option('--log_level <LEVEL>', 'debug, info (unless told), warn or error')
}

/** Collects the values of an option that may be repeated. */
function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** `--no-valid-cert=x` -> `--no_valid_cert=x`; values stay as they are. */
function withUnderscores(arg: string): string {
  const [, name = '', rest = ''] = /^--([a-z][a-z-]*)(=.*)?$/s.exec(arg) ?? []
  return name ? `--${name.replaceAll('-', '_')}${rest}` : arg
}

function explain(error: CommanderError, program: Command, args: readonly string[]): string {
  const command = program.commands.find((each) => each.name() === args[0]) ?? program
  const help = helpOf(command, program)
  if (error.code === 'commander.unknownOption') {
    // Only the name: what stands behind a "=" may be a key.
    const [, flag = ''] = /'(--?[^'=]*)/.exec(error.message) ?? []
    const listed = command.options.filter((option) => !option.hidden)
    if (listed.some(({ long }) => long === flag)) return `${flag} takes no value (${help})`
    const others = [program, ...program.commands].filter(({ options }) =>
      options.some(({ long, hidden }) => long === flag && !hidden),
    )
    if (others.length > 0) {
      const names = others.map((other) => other.name()).join(' and ')
      return `${flag} is no option of ${command.name()}, but of ${names} (${help})`
    }
    const flags = ['--help', ...listed.map((option) => option.long ?? '')]
    return `unknown option ${flag}; the nearest is ${nearest(flag, flags)} (${help})`
  }
  if (error.code === 'commander.excessArguments') {
    const missed = optionTakenForValue(command, program)
    if (missed) return missed
    const commands = program.commands.map((each) => each.name())
    const meant = commands.find((name) => args[0] !== undefined && editDistance(args[0], name) <= 2)
    // The word itself is not quoted: it may be a key.
    if (meant) return `there is no such command; did you mean ${meant}? (${help})`
    return `there is a word that belongs to no option; the commands are ${commands.join(', ')} (${help})`
  }
  return `${error.message.replace(/^error: /, '')} (${help})`
}

/** What to say of an option that has another one for its value, as where a shell variable was empty. */
function optionTakenForValue(command: Command, program: Command): string | undefined {
  const options = new Set<unknown>(['--help', ...command.options.map(({ long }) => long)])
  const isTaken = (value: unknown) => [value].flat().some((each) => options.has(each))
  const [name] = Object.entries(command.opts()).find(([, value]) => isTaken(value)) ?? []
  return name && `--${name}: expected a value; got the next option (${helpOf(command, program)})`
}

function helpOf(command: Command, program: Command): string {
  return `see ${command === program ? '' : 'aruba-stream '}${command.name()} --help`
}
