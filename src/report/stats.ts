import type { LogFields, Logger } from '../log.js'
import { MASK } from '../net/redact.js'
import { TRANSFORM } from '../outputs/output.js'
import { receivedBy } from '../pipeline/streams.js'
import { listed, shellWord } from '../text.js'
import {
  describeEntries,
  describeUndelivered,
  type EntrySnapshot,
  FEW,
  type OutputSnapshot,
  outputsOf,
  type Snapshot,
  sumOf,
} from './snapshot.js'
import { asAtEnd, byTrouble, isTrouble, reasonsOf, whatOf } from './trouble.js'

type StatsLine = { readonly message: string; readonly fields: LogFields }

/** Lines about single subscriptions, or about reasons of trouble, in one report. */
const MOST = 10

/**
 * Makes the function that logs the counters while the program runs: a line for the program, and one for
 * each thing that is wrong. All others are logged at debug.
 */
export function createStatsLog(log: Logger): (snapshot: Snapshot) => void {
  /** Of each output, what was retried and given up when it was logged last. */
  const logged = new Map<string, number>()
  return (snapshot) => {
    const { entries } = snapshot
    write(log, 'info', totalLine(snapshot))
    const wrong =
      entries.length <= FEW ? entries.filter(isTrouble).map(entryLine) : reasonLines(entries)
    for (const line of wrong.slice(0, MOST)) write(log, 'info', line)
    const fine = entries.length <= FEW ? entries.filter((entry) => !isTrouble(entry)) : entries
    for (const entry of fine) write(log, 'debug', entryLine(entry))
    for (const output of outputsOf(snapshot)) {
      const { name, counters } = output
      const trouble = counters.retried + counters.givenUp
      const isNew = trouble > (logged.get(name) ?? 0)
      logged.set(name, trouble)
      write(log, isNew || isAway(output) ? 'info' : 'debug', outputLine(output, snapshot))
    }
  }
}

/**
 * Logs the counters at the end: a line for the program, and one for each entry where there are few, else
 * for those that were in trouble.
 * @param troubled in trouble when the end began; all others have ended as asked
 */
export function logStats(
  log: Logger,
  snapshot: Snapshot,
  troubled: readonly EntrySnapshot[] = [],
): void {
  const { earlier } = snapshot
  const entries = asAtEnd(snapshot.entries, troubled)
  write(log, 'info', totalLine(snapshot))
  if (entries.length <= FEW) for (const entry of entries) write(log, 'info', entryLine(entry))
  else {
    const wrong = byTrouble(entries.filter(isTrouble))
    for (const entry of wrong.slice(0, MOST)) write(log, 'info', entryLine(entry))
    const more = wrong.length - MOST
    if (more > 0) log.info(`${more} more were in trouble`)
    for (const entry of entries) write(log, 'debug', entryLine(entry))
  }
  if (earlier?.bytes) {
    log.info('received by subscriptions before they were changed or removed', earlier)
  }
  for (const output of outputsOf(snapshot)) {
    write(log, 'info', outputLine(output, snapshot))
  }
}

/** Logs at the end where the undelivered messages are, and how to send them. */
export function logUndelivered(
  log: Logger,
  { outputs, deadLetterFile = '', replayOptions = [] }: Snapshot,
): void {
  for (const output of outputs) {
    const { name, counters } = output
    const { givenUp, kept } = counters
    const lost = givenUp - kept
    const at = { exporter: name }
    if (kept > 0) {
      // What the transform gave up has reached no output.
      const missed = name === TRANSFORM ? outputs.filter((each) => each !== output) : [output]
      const command = ['aruba-stream', 'replay', deadLetterFile, ...replayOptions].map(shellWord)
      log.warn(
        `${messages(kept)} kept in ${deadLetterFile}; to send what is still there: ` +
          `${command.join(' ')}${outputOptions(missed)}`,
        at,
      )
    }
    if (lost === 0) continue
    const why = deadLetterFile
      ? `: they could not be written to ${deadLetterFile}`
      : '; --dead_letter FILE keeps such messages'
    log.warn(`${messages(lost)} lost${why}`, at)
  }
}

function write(log: Logger, level: 'info' | 'debug', { message, fields }: StatsLine): void {
  log[level](message, fields)
}

/** Numbers are fields, so that a collector of JSON logs finds them. */
function totalLine(snapshot: Snapshot): StatsLine {
  const { entries, earlier, upMs } = snapshot
  const outputs = outputsOf(snapshot)
  return {
    message: describeEntries(entries),
    fields: {
      ...receivedBy(entries, earlier),
      delivered: sumOf(outputs, ({ counters }) => counters.delivered),
      given_up: sumOf(outputs, ({ counters }) => counters.givenUp),
      kept: sumOf(outputs, ({ counters }) => counters.kept) || undefined,
      up_seconds: seconds(upMs),
    },
  }
}

function entryLine(entry: EntrySnapshot): StatsLine {
  return {
    message: whatOf(entry),
    fields: {
      entry: entry.label,
      topic: entry.topic,
      messages: entry.messages,
      bytes: entry.status.bytes,
      undecodable: entry.undecodable,
      filtered: entry.filtered,
      schema_drift: entry.unknownFields || undefined,
      repeats: entry.status.repeats || undefined,
      skipped_texts: entry.skippedTexts || undefined,
      reconnects: entry.status.reconnects,
      gap_seconds: seconds(entry.status.gapMs),
      last_message: time(entry.status.lastFrameAt),
    },
  }
}

function reasonLines(entries: readonly EntrySnapshot[]): StatsLine[] {
  return reasonsOf(entries).map(({ host, what, entries: of }) => ({
    message: `${what}: ${listed(of.map(({ label }) => label))}`,
    fields: { host, subscriptions: of.length },
  }))
}

function outputLine(
  output: OutputSnapshot,
  { deadLetterFile }: Pick<Snapshot, 'deadLetterFile'>,
): StatsLine {
  const { delivered, retried, givenUp, kept, waiting } = output.counters
  return {
    message: [describeWork(output), ...describeUndelivered(output, deadLetterFile)].join(', '),
    fields: {
      exporter: output.name,
      delivered,
      retried,
      given_up: givenUp,
      kept: kept || undefined,
      waiting,
    },
  }
}

function describeWork(output: OutputSnapshot): string {
  if (output.name === TRANSFORM) return 'messages given up'
  if (!isAway(output)) return 'messages delivered'
  return `not up since ${time(output.state.since)}, messages wait`
}

/** Whether messages wait for an output that is not up. At the end none waits any more. */
function isAway({ state, counters }: OutputSnapshot): boolean {
  return !state.up && counters.waiting > 0
}

function outputOptions(outputs: readonly OutputSnapshot[]): string {
  const options = outputs.map(({ name, type = name }) =>
    name === 'stdout' ? ` ${type}` : ` --export_data ${shellWord(type)}`,
  )
  const masked = options.some((option) => option.includes(MASK))
  return options.join('') + (masked ? ` (${MASK} stands for what may be secret)` : '')
}

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}

function time(ms: number | undefined): string {
  return ms === undefined ? 'never' : new Date(ms).toISOString()
}
