import type { Command, CommanderError } from 'commander'
import { CLASSIC_ENTRIES } from '../classic/entry.js'
import { StreamError } from '../errors.js'
import { EVERY_ENTRY } from '../input/entry-rules.js'
import { NEW_CENTRAL_ENTRIES } from '../newcentral/entry.js'
import { loadCommonJs } from '../packages.js'
import type { SimulateSettings } from '../simulator/settings.js'
import { closest, maskTokens, printable } from '../text.js'
import { OPTIONS } from './options.js'
import {
  type CheckSettings,
  checkSettings,
  type ReplayFileSettings,
  replayFileSettings,
  type StreamSettings,
  simulateSettings,
  streamSettings,
  type TopicsSettings,
  topicsSettings,
} from './settings.js'

const commander = loadCommonJs<typeof import('commander')>('commander')

/** What a command line asks for. */
export type Invocation =
  | { readonly command: 'stream'; readonly settings: StreamSettings }
  | { readonly command: 'check'; readonly settings: CheckSettings }
  | { readonly command: 'replay'; readonly settings: ReplayFileSettings }
  | { readonly command: 'topics'; readonly settings: TopicsSettings }
  | { readonly command: 'simulate'; readonly settings: SimulateSettings }
  /** Help or version: a text for stdout. */
  | { readonly command: 'show'; readonly text: string }

const EXAMPLES = `
Examples:
  aruba-stream --hostname HOST --jsoninput input.json --decode_data | jq .data
  aruba-stream --hostname HOST --jsoninput input.json --readable --export_data json
  aruba-stream check --hostname HOST --jsoninput input.json
  aruba-stream topics presence
  aruba-stream simulate

HOST is the base URL on Central's Streaming page. Options may be spelled with - for _.
Exit codes: 0 ended as asked, 1 something failed, 2 wrong command line or input file,
3 Central refused.`

/** Properties of the input file that are looked for among the options. */
const PROPERTIES: readonly string[] = [
  ...[CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES].flatMap(({ properties }) => properties),
  ...EVERY_ENTRY,
].map(({ name }) => `--${name}`)
/** What other programs call an option. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['-k', '--no_valid_cert'],
  ['--insecure', '--no_valid_cert'],
  ['-o', '--export_data'],
  ['--output', '--export_data'],
  ['-v', '--log_level debug'],
  ['--verbose', '--log_level debug'],
  ['--debug', '--log_level debug'],
  ['-q', '--log_level warn'],
  ['--quiet', '--log_level warn'],
])
/** A word this long may be a key; keys are never shown. */
const MAX_WORD = 30

/**
 * Reads the arguments after the program's name.
 * @throws StreamError `usage`; what may be a key is not quoted
 */
export function parseCommandLine(args: readonly string[], version: string): Invocation {
  let invocation: Invocation | undefined
  let shown = ''
  const program = describe((made) => {
    invocation = made
  })
  let command = program
  program
    .version(version, '-V, --version', 'show the version')
    .hook('preSubcommand', (_, chosen) => {
      command = chosen
      requireNoOptionsBefore(chosen, program)
    })
  for (const each of [program, ...program.commands]) {
    each.exitOverride().configureOutput({
      writeOut: (text) => {
        shown += text
      },
      writeErr: () => {},
    })
  }
  try {
    program.parse(helpLast(args.map(withUnderscores), program), { from: 'user' })
  } catch (error) {
    if (error instanceof commander.CommanderError && error.exitCode === 0) {
      return { command: 'show', text: shown }
    }
    if (error instanceof StreamError) throw withHelp(error.message, command)
    if (!(error instanceof commander.CommanderError)) throw error
    throw withHelp(explain(error, command, program), command)
  }
  if (!invocation) throw withHelp('expected a command', program)
  return invocation
}

function describe(done: (invocation: Invocation) => void): Command {
  const program = new commander.Command('aruba-stream')
    .description('Stream live network data from HPE Aruba Central as one JSON record a line.')
    .helpCommand(false)
    // Each command has options of its own: those after its name are not for the program.
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES)
    .action((values) => done({ command: 'stream', settings: streamSettings(values) }))
  const check = program
    .command('check')
    .description('check file, keys and topics; write nothing')
    .action((values) => done({ command: 'check', settings: checkSettings(values) }))
  const replay = program
    .command('replay')
    .description('decode, print and export recorded frames, offline')
    .argument('<FILE>', 'what --record or --dead_letter wrote, a .gz of it, or - for stdin')
    .action((file, values) =>
      done({ command: 'replay', settings: replayFileSettings(file, values) }),
    )
  const topics = program
    .command('topics')
    .description('show the topics; with TOPIC its fields, their units and an example')
    .argument('[TOPIC]', 'such as presence or rssi-events')
    .action((topic, values) => done({ command: 'topics', settings: topicsSettings(topic, values) }))
  const simulate = program
    .command('simulate')
    .description('run a local stand-in for Central to try everything against')
    .action((values) => done({ command: 'simulate', settings: simulateSettings(values) }))

  const commands = { stream: program, check, replay, topics, simulate }
  for (const name of ['stream', 'check', 'replay', 'topics', 'simulate'] as const) {
    commands[name].helpOption('-h, --help', 'show this help').showSuggestionAfterError(false)
    for (const option of OPTIONS[name]()) commands[name].addOption(option)
  }
  return program
}

/** `--no-valid-cert=x` -> `--no_valid_cert=x`; values stay as they are. */
function withUnderscores(arg: string): string {
  const [, name = '', rest = ''] = /^--([a-z][a-z-]*)(=.*)?$/s.exec(arg) ?? []
  return name ? `--${name.replaceAll('-', '_')}${rest}` : arg
}

/** `--help replay` -> `replay --help` */
function helpLast(args: readonly string[], { commands }: Command): readonly string[] {
  const [first = '', second = '', ...others] = args
  const isSwapped = /^(-h|--help)$/.test(first) && commands.some((each) => each.name() === second)
  return isSwapped ? [second, first, ...others] : args
}

/** Options before the name of a command would be ignored. */
function requireNoOptionsBefore(command: Command, program: Command): void {
  const [first] = Object.keys(program.opts()).filter(
    (name) => program.getOptionValueSource(name) === 'cli',
  )
  if (first === undefined) return
  const name = command.name()
  const right = `aruba-stream ${name} --${first} …`
  throw new StreamError(
    'usage',
    `--${first} comes before ${name}; expected options after it: ${right}`,
  )
}

function explain(error: CommanderError, command: Command, program: Command): string {
  const [word] = command.args.slice(command.registeredArguments.length)
  if (/^[\u2010-\u2015\u2212]/.test(word ?? '')) {
    return `${shown(word ?? '')} begins with a typographic dash; expected --, two plain ones`
  }
  const isCommand = command === program && word !== undefined && !word.startsWith('-')
  if (isCommand && program.args[0] === word && error.code !== 'commander.optionMissingArgument') {
    return unknownWord(word, program)
  }
  switch (error.code) {
    case 'commander.unknownOption':
      return unknownOption(error, command, program)
    case 'commander.excessArguments':
      return `${shown(word ?? '')} is not an option of ${command.name()}, nor the value of one${optionHint(word ?? '', command)}`
    case 'commander.missingArgument':
      return 'missing FILE, which --record or --dead_letter wrote; - is stdin'
    default:
      return error.message.replace(/^error: /, '')
  }
}

function unknownWord(word: string, program: Command): string {
  const names = program.commands.map((each) => each.name())
  const meant = closest(word, names)
  if (meant !== undefined) return `${shown(word)} is no command; did you mean ${meant}?`
  const what = `${shown(word)} is neither a command nor the value of an option`
  const hint = optionHint(word, program)
  return hint === ''
    ? `${what}; the commands are ${names.join(', ')}; to stream, give none`
    : what + hint
}

function unknownOption(error: CommanderError, command: Command, program: Command): string {
  // Only the name: the text after a "=" may be a key.
  const [, flag = ''] = /'(--?[^'=]*)/.exec(error.message) ?? []
  const listed = flagsOf(command)
  if (listed.includes(flag)) return `${flag} takes no value`
  const others = [program, ...program.commands].filter((each) => flagsOf(each).includes(flag))
  if (others.length > 0) {
    const names = others.map((other) => other.name()).join(' and ')
    return `${flag} is no option of ${command.name()}, but of ${names}`
  }
  const unknown = `unknown option ${shown(flag, '')}`
  if (PROPERTIES.includes(flag)) {
    return `${unknown}; ${flag.slice(2)} is a property of an entry in the input file`
  }
  const other = OTHER_NAMES.get(flag)
  const [name = ''] = other?.split(' ') ?? []
  const meant = listed.includes(name) ? other : closest(flag, listed)
  return meant === undefined
    ? `${unknown}; the options are ${listed.join(', ')}`
    : `${unknown}; did you mean ${meant}?`
}

/** Many programs take host and file without an option. */
function optionHint(word: string, command: Command): string {
  const isHost = /^[\w-]+(\.[\w-]+){2,}(:\d+)?$/.test(word)
  const option = /\.json$/i.test(word) ? '--jsoninput' : isHost ? '--hostname' : ''
  const isSafe = shown(word) === `"${word}"`
  return isSafe && flagsOf(command).includes(option) ? `; did you mean ${option} ${word}?` : ''
}

function flagsOf(command: Command): string[] {
  const listed = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '')
  return [...listed, '--help']
}

/** A word of the command line for a message, unless it may be a key. */
function shown(word: string, quote = '"'): string {
  const plain = word.length <= MAX_WORD && maskTokens(word) === word
  return plain ? `${quote}${printable(word)}${quote}` : `a word of ${word.length} characters`
}

function withHelp(problem: string, command: Command): StreamError {
  const { parent } = command
  const help = `${parent ? `${parent.name()} ` : ''}${command.name()} --help`
  return new StreamError('usage', `${problem} (see ${help})`)
}
