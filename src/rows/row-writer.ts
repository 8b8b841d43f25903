import { timeText } from '../decode/time-text.js'
import type { JsonValue } from '../decode/to-object.js'
import { getOrMake } from '../maps.js'
import type { AnyRecord, AnyTopic, StreamMessage } from '../service.js'
import { type BriefOptions, briefLines } from './brief.js'
import { type Column, type Table, type TableOptions, tablesOf } from './tables.js'
import { isObject, jsonOf, textOf } from './values.js'
import { type Cells, HEAD, momentOf, walkElement, walkRecord } from './walk.js'

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
    return getOrMake(this.#tables, topic, () => tablesOf(topic, this.#options))
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

/** Names that a row has of its own. */
const ROW_NAMES: ReadonlySet<string> = new Set(['table', 'time'])

/** Columns as JSON text, each with its comma in front. */
class JsonCells implements Cells {
  text = ''

  value({ key, form }: Column, value: JsonValue): void {
    this.text += key + jsonOf(form, value)
  }

  other(path: string, value: JsonValue): void {
    const name = ROW_NAMES.has(path) ? `extra.${path}` : path
    this.text += `,${JSON.stringify(name)}:${JSON.stringify(value)}`
  }
}

/** The rows of a record as lines of JSON, made one after the other: there may be millions. */
function* rowLines(table: Table, record: AnyRecord): Generator<string> {
  const own = new JsonCells()
  const lists = walkRecord(table, record, own)
  const shared = headOf(record) + own.text
  yield `{"table":${JSON.stringify(table.name)}${shared}}\n`
  for (const { table: list, elements } of lists) {
    const start = `{"table":${JSON.stringify(list.name)}${shared}`
    for (const element of elements) {
      const cells = new JsonCells()
      walkElement(list, element, cells)
      yield `${start}${cells.text}}\n`
    }
  }
}

/** What a row has in front of its columns. */
function headOf(record: AnyRecord): string {
  let text = `,"time":${JSON.stringify(rowTime(record))}`
  for (const name of HEAD) {
    const value: JsonValue | undefined = Reflect.get(record, name)
    if (value === undefined) continue
    const isWhole = value === null || (name === 'attributes' && isObject(value))
    text += `,"${name}":${JSON.stringify(isWhole ? value : textOf(value))}`
  }
  return text
}

/** The moment of a record as RFC 3339; null where it has none. */
function rowTime(record: AnyRecord): string | null {
  const moment = momentOf(record)
  return (moment && timeText(moment.seconds, moment.nanos)) ?? null
}
