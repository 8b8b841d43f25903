import { RowWriter } from '../rows/row-writer.js'
import type { StreamMessage } from '../service.js'
import { printableJson } from '../text.js'
import type { LineOutput, Output, OutputContext } from './output.js'
import { inPieces } from './pieces.js'

/** An output of lines that gets the rows of each message in place of its record. */
export function asRows(
  output: LineOutput,
  context: OutputContext,
  { terminal }: { readonly terminal: boolean } = { terminal: false },
): Output {
  const writer = new RowWriter(context)
  function* lines(message: StreamMessage): Generator<Uint8Array> {
    for (const text of writer.texts(message)) {
      yield Buffer.from(terminal ? printableJson(text) : text)
    }
  }
  return inPieces(output, lines, context)
}
