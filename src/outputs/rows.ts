import type { Writable } from 'node:stream'
import { systemClock } from '../clock.js'
import { RowWriter } from '../rows/row-writer.js'
import { printableJson } from '../text.js'
import type { LineOutput, Output, OutputContext } from './output.js'
import { inPieces } from './pieces.js'
import type { StdoutOptions } from './stdout.js'

/** An output of lines that gets the rows of each message in place of its record. */
export function asRows(output: LineOutput, context: OutputContext): Output {
  const writer = new RowWriter(context)
  return inPieces(output, 'rows', (message) => writer.texts(message), context)
}

/** Prints the rows of each message, as JSON or in brief. */
export function printRows(
  print: 'rows' | 'brief',
  output: LineOutput,
  { terminal, colour, stream }: Pick<StdoutOptions, 'terminal' | 'colour' | 'stream'>,
  context: OutputContext,
): Output {
  if (print === 'rows' && !terminal) return asRows(output, context)
  const writer = new RowWriter(context)
  if (print === 'brief') {
    const brief = { now: systemClock.now, colour }
    return inPieces(
      output,
      'record',
      (message) => writer.brief(message, { ...brief, columns: columnsOf(stream, terminal) }),
      context,
    )
  }
  return inPieces(output, 'record', (message) => printed(writer.texts(message)), context)
}

/** Without what a terminal obeys. */
function* printed(texts: Iterable<string>): Generator<string> {
  for (const text of texts) yield printableJson(text)
}

/** The width of the terminal now: its window may have changed. */
function columnsOf(stream: Writable, terminal: boolean): number | undefined {
  if (!terminal) return undefined
  // Some terminals, such as a serial console, report 0.
  return ('columns' in stream && Number(stream.columns)) || 80
}
