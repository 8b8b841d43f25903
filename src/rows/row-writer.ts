import type { StreamMessage } from '../service.js'
import type { AnyTopic } from '../stream-record.js'
import { type BriefOptions, briefLines } from './brief.js'
import { rowLines } from './row-lines.js'
import { type Table, type TableOptions, tablesOf } from './tables.js'

/** Rows are handed out in pieces of about this size: one frame may have millions of them. */
const PIECE_CHARACTERS = 64 * 1024

/** Makes the rows of messages. */
export class RowWriter {
  readonly #options: TableOptions
  readonly #tables = new Map<AnyTopic, Table>()

  constructor(options: TableOptions) {
    this.#options = options
  }

  /** The rows of a message as JSON, several lines at a time. */
  texts({ topic, record }: StreamMessage): Generator<string> {
    return gathered(rowLines(this.#tableOf(topic), record))
  }

  /** The rows of a message as lines for people, several at a time. */
  brief({ topic, record }: StreamMessage, options: BriefOptions): Generator<string> {
    return gathered(briefLines(this.#tableOf(topic), record, options))
  }

  #tableOf(topic: AnyTopic): Table {
    const table = this.#tables.get(topic) ?? tablesOf(topic, this.#options)
    this.#tables.set(topic, table)
    return table
  }
}

function* gathered(lines: Iterable<string>): Generator<string> {
  let text = ''
  for (const line of lines) {
    text += line
    if (text.length < PIECE_CHARACTERS) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
