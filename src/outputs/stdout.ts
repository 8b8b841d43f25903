import type { Writable } from 'node:stream'
import type { Printed } from '../commands/settings.js'
import { ByteBudget } from '../delivery/byte-budget.js'
import { joinLines } from '../delivery/join-lines.js'
import { RetryLog } from '../delivery/retries.js'
import { SendQueue } from '../delivery/send-queue.js'
import type { StreamError } from '../errors.js'
import { AppendFile } from '../files/append-file.js'
import { printableJson } from '../text.js'
import { accountOf, type Item, type LineOutput, type Output, type OutputContext } from './output.js'
import { Piece } from './pieces.js'
import { isReaderGone, stdoutFault } from './print-text.js'

export type StdoutOptions = {
  readonly stream: Writable
  /**
   * Its descriptor where it is a regular file. Such a file is written without the stream: if a full
   * disk takes only a part of a write, the stream counts the write as done.
   */
  readonly file?: number | undefined
  /** For people: indented, and with nothing in it that moves a terminal's cursor. Else NDJSON. */
  readonly terminal: boolean
  /** Colours; only where `terminal` is set. */
  readonly colour: boolean
  /** The reader went away (`| head`): the program may end, without an error. */
  onReaderGone(): void
}

// How much may wait for a slow reader before the sockets are paused: four writes.
const BUDGET_BYTES = 256 * 1024
const BATCH = { maxBytes: 64 * 1024 }

/** The option that has each form printed. */
export const PRINT_OPTIONS: Readonly<Record<Printed, string>> = {
  records: '--decode_data',
  rows: '--rows',
  brief: '--brief',
}

/** Prints what the command line asks for of each message. */
export async function openPrinter(
  print: Printed,
  options: StdoutOptions,
  context: OutputContext,
): Promise<Output> {
  const output = openStdout(options, context)
  if (print === 'records') return output
  const { printRows } = await import('./rows.js')
  return printRows(print, output, options, context)
}

/** Prints each message as a record. */
export function openStdout(options: StdoutOptions, context: OutputContext): LineOutput {
  const { terminal, colour, file } = options
  const account = {
    ...accountOf(context),
    ...(terminal && {
      encode: (item: Item) =>
        item instanceof Piece ? item.line : Buffer.from(formatForTerminal(item.record, colour)),
    }),
  }
  const late = 'stdout: its file was not written by the end'
  const printer =
    file === undefined
      ? openStream(options, context, account)
      : AppendFile.adopt(file, { ...context, ...account, label: 'stdout', late })
  return {
    needs: terminal ? 'record' : 'line',
    write: (messages) => printer.write(messages),
    close: () => printer.close(),
  }
}

/** Delivered means that the write's callback came: `drain` comes before a slow pipe has the bytes. */
function openStream(
  { stream, terminal, onReaderGone }: StdoutOptions,
  context: OutputContext,
  account: ReturnType<typeof accountOf>,
): SendQueue<Item> {
  const { counters, stopping, holdOver, graceOver, overdue, forced } = context
  let readerGone = false
  const fault = (error: Error & { code?: unknown }): StreamError => {
    if (isReaderGone(error, terminal) && !readerGone) {
      readerGone = true
      onReaderGone()
    }
    return stdoutFault(error)
  }
  const queue = new SendQueue<Item>({
    ...account,
    settled(messages, error) {
      // A message without a reader counts neither as delivered nor as given up.
      if (error && readerGone) counters.waiting -= messages.length
      else account.settled(messages, error)
    },
    deliver: ({ lines }) =>
      joinLines(
        lines,
        (bytes) =>
          new Promise((resolve, reject) => {
            stream.write(bytes, (error) => (error ? reject(fault(error)) : resolve()))
          }),
      ),
    batch: BATCH,
    release: context.release,
    budget: new ByteBudget(BUDGET_BYTES),
    retryLog: new RetryLog(context),
    delayMs: () => 0,
    stopping,
    holdOver,
    graceOver,
    overdue,
    forced,
    late: 'stdout: its reader did not take it in time',
  })
  // Without a listener a fault would end the process before the write's callback reports it.
  stream.on('error', (error) => queue.fail(fault(error)))
  return queue
}

// ANSI: bright blue, green, yellow and magenta read well on dark and light grounds alike.
const COLOURS = { name: '94', text: '32', number: '33', word: '35' } as const

type Paint = (text: string, as: keyof typeof COLOURS) => string

/**
 * JSON for people: indented, coloured where asked for, and without the characters that `JSON.stringify`
 * passes but a terminal obeys (C1 controls, bidi controls); it still reads back as the same value.
 */
export function formatForTerminal(value: object, colour: boolean): string {
  return `${format(value, '\n', colour ? painted : plain)}\n`
}

/** @param margin newline and indentation of the line that the value begins on */
function format(value: unknown, margin: string, paint: Paint): string {
  if (typeof value === 'string') return paint(printableJson(JSON.stringify(value)), 'text')
  if (typeof value === 'number') return paint(JSON.stringify(value), 'number')
  if (typeof value !== 'object' || value === null) return paint(JSON.stringify(value), 'word')
  const inner = `${margin}  `
  if (Array.isArray(value)) {
    return enclosed(
      '[]',
      margin,
      inner,
      value.map((element) => format(element, inner, paint)),
    )
  }
  const fields = Object.entries(value).map(([name, held]) => {
    const key = paint(printableJson(JSON.stringify(name)), 'name')
    return `${key}: ${format(held, inner, paint)}`
  })
  return enclosed('{}', margin, inner, fields)
}

function enclosed(
  brackets: '[]' | '{}',
  margin: string,
  inner: string,
  parts: readonly string[],
): string {
  if (parts.length === 0) return brackets
  return `${brackets[0]}${inner}${parts.join(`,${inner}`)}${margin}${brackets[1]}`
}

function plain(text: string): string {
  return text
}

function painted(text: string, as: keyof typeof COLOURS): string {
  return `\u001b[${COLOURS[as]}m${text}\u001b[39m`
}
