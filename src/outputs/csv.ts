import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { type Options, stringify } from 'csv-stringify/sync'
import { loadSchema } from '../classic/schema.js'
import { isTopic } from '../classic/topics.js'
import { errorText, StreamError } from '../errors.js'
import { AppendFile, fileRetryLog } from '../files/append-file.js'
import { prepareFolder, type Repair, statIfThere } from '../files/open-file.js'
import { safeName } from '../files/safe-name.js'
import type { StreamMessage } from '../service.js'
import type { AnyTopic } from '../stream-record.js'
import { type Cell, guardSplitText } from './csv-cells.js'
import { createSheets, type Sheet } from './csv-sheets.js'
import type { Output, OutputContext } from './output.js'
import { readType } from './type-options.js'

const DEFAULT_FOLDER = './aruba-stream-csv/'
/** How the files end that are made in the folder. */
export const CSV_ENDING = '.csv'

/** Rows are made and written in pieces: one frame may hold millions of them. */
const PIECE_BYTES = 64 * 1024

const CSV: Options = {
  // A text that a spreadsheet would run gets a ' before it: names of networks are chosen by strangers.
  escape_formulas: true,
  // Tells an empty text from a value that was not sent.
  quoted_match: /^$/,
  cast: { boolean: String, string: guardSplitText },
}

/** A message that is being written: delivered when its last piece is in its file. */
type Parcel = { readonly message: StreamMessage; pieces: number; error: StreamError | undefined }

/** Rows of one message for one file. */
type Piece = { readonly sheet: Sheet; readonly rows: Uint8Array; readonly parcel: Parcel }

/** The folder that a target means. */
export function csvFolder(target: string): string {
  return target === '' ? DEFAULT_FOLDER : target
}

/**
 * Opens `csv[:FOLDER]`: one file for each topic and kind of row. Delivered means that the write calls
 * have taken every row of the message.
 */
export async function openCsv(target: string, context: OutputContext): Promise<Output> {
  const folder = csvFolder(readType(target, {}, 'csv:').target)
  const label = `--export_data csv:${folder}`
  const other = context.topics.find((topic) => !isTopic(topic))
  if (other !== undefined && !context.topicsUncertain) {
    throw new StreamError('exporter-unusable', `${label}: ${withoutSheets(other)}`)
  }
  const output = new CsvOutput(folder, label, context)
  await prepareFolder(folder, { ...context, label })
  await output.openExisting()
  return output
}

function withoutSheets(topic: AnyTopic): string {
  return `expected topics of Classic Central; got "${topic}", which csv has no columns for: use json`
}

class CsvOutput implements Output {
  readonly needs = 'record'
  readonly #folder: string
  readonly #context: OutputContext
  readonly #options: Omit<ConstructorParameters<typeof AppendFile<Piece>>[1], 'repair'>
  readonly #sheets = new Map<AnyTopic, readonly Sheet[]>()
  readonly #files = new Map<Sheet, AppendFile<Piece>>()

  constructor(folder: string, label: string, context: OutputContext) {
    this.#folder = folder
    this.#context = context
    this.#options = {
      ...context,
      label,
      retryLog: fileRetryLog({ ...context, label }),
      encode: ({ rows }) => rows,
      heldBytes: ({ parcel }) => parcel.message.frame.length,
      settled: (pieces, error) => {
        for (const { parcel } of pieces) this.#settle(parcel, error)
      },
      retried: () => {
        context.counters.retried++
      },
    }
  }

  /** Opens the files that exist already, so that other columns are an error at the start. */
  async openExisting(): Promise<void> {
    for (const sheet of this.#context.topics
      .filter(isTopic)
      .flatMap((topic) => this.#sheetsOf(topic))) {
      const path = this.#pathOf(sheet)
      if (!(await statIfThere(path))) continue
      this.#files.set(sheet, await AppendFile.open(path, this.#optionsOf(sheet)))
    }
  }

  async write(messages: readonly StreamMessage[]): Promise<void> {
    this.#context.counters.waiting += messages.length
    for (const message of messages) {
      const parcel: Parcel = { message, pieces: 1, error: undefined }
      try {
        await this.#writeRows(parcel)
      } catch (error) {
        // Such as a record that a module has changed.
        parcel.error = new StreamError('export-failed', errorText(error))
      }
      this.#settle(parcel, undefined)
    }
  }

  async reopen(): Promise<void> {
    await Promise.all(Array.from(this.#files.values(), (file) => file.reopen()))
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#files.values(), (file) => file.close()))
  }

  /** Makes all rows before it writes any, as long as they are few: a record may turn out to be wrong. */
  async #writeRows(parcel: Parcel): Promise<void> {
    const { record, topic } = parcel.message
    const sheets = this.#sheetsOf(topic)
    if ('source' in record) return
    let pieces: Piece[] = []
    let bytes = 0
    for (const sheet of sheets) {
      for (const rows of inPieces(sheet.rows(record))) {
        pieces.push({ sheet, rows, parcel })
        bytes += rows.length
        if (bytes < PIECE_BYTES) continue
        await this.#writePieces(pieces)
        pieces = []
        bytes = 0
      }
    }
    await this.#writePieces(pieces)
  }

  async #writePieces(pieces: readonly Piece[]): Promise<void> {
    for (const piece of pieces) {
      piece.parcel.pieces++
      await this.#fileOf(piece.sheet).write([piece])
    }
  }

  #settle(parcel: Parcel, error: StreamError | undefined): void {
    const { counters, giveUp } = this.#context
    parcel.pieces--
    parcel.error ??= error
    if (parcel.pieces > 0) return
    counters.waiting--
    if (parcel.error) giveUp(parcel.message, parcel.error)
    else counters.delivered++
  }

  #sheetsOf(topic: AnyTopic): readonly Sheet[] {
    const { protoDir, readable } = this.#context
    if (!isTopic(topic)) throw new StreamError('export-failed', withoutSheets(topic))
    const sheets =
      this.#sheets.get(topic) ?? createSheets(loadSchema(topic, { protoDir }), readable)
    this.#sheets.set(topic, sheets)
    return sheets
  }

  #fileOf(sheet: Sheet): AppendFile<Piece> {
    const file =
      this.#files.get(sheet) ?? new AppendFile(this.#pathOf(sheet), this.#optionsOf(sheet))
    this.#files.set(sheet, file)
    return file
  }

  #optionsOf(sheet: Sheet) {
    const heading = Buffer.from(stringify([[...sheet.columns]], CSV))
    return { ...this.#options, repair: csvRepair(this.#pathOf(sheet), heading) }
  }

  #pathOf(sheet: Sheet): string {
    return join(this.#folder, `${safeName(sheet.name)}${CSV_ENDING}`)
  }
}

/** Rows as CSV, many at a time, but no more than can be held. */
function* inPieces(rows: Iterable<Cell[]>): Generator<Uint8Array> {
  let some: Cell[][] = []
  let size = 0
  for (const row of rows) {
    some.push(row)
    for (const cell of row) size += typeof cell === 'string' ? cell.length + 1 : 1
    if (size < PIECE_BYTES) continue
    yield Buffer.from(stringify(some, CSV))
    some = []
    size = 0
  }
  if (some.length > 0) yield Buffer.from(stringify(some, CSV))
}

const QUOTE = 0x22
const NEWLINE = 0x0a

/**
 * What must come before the first new row of a CSV file: the heading where the file is new; where a
 * crash tore the last row, the quote and newline that end it.
 * @param heading the first line, with its newline
 * @throws StreamError `exporter-unusable` where the file has other columns
 */
function csvRepair(path: string, heading: Buffer): Repair {
  return async (file, size) => {
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(heading.length),
      position: 0,
    })
    const found = buffer.subarray(0, bytesRead)
    if (!found.equals(heading.subarray(0, bytesRead))) {
      throw new StreamError(
        'exporter-unusable',
        `the columns of "${path}" are not those of this version and schema; move it away, and a new one is made`,
      )
    }
    // A crash can also have torn the heading.
    if (bytesRead < heading.length) return heading.subarray(bytesRead)
    return endOfTornRow(file, size)
  }
}

/** A newline may be inside quotes, so only the number of quotes before it says whether a row is whole. */
async function endOfTornRow(file: FileHandle, size: number): Promise<Uint8Array> {
  const chunk = Buffer.alloc(1 << 20)
  let isQuoted = false
  let last = NEWLINE
  for (let position = 0; position < size; ) {
    const { bytesRead } = await file.read({ buffer: chunk, position })
    if (bytesRead === 0) break
    const bytes = chunk.subarray(0, bytesRead)
    for (const byte of bytes) if (byte === QUOTE) isQuoted = !isQuoted
    last = bytes.at(-1) ?? last
    position += bytesRead
  }
  if (isQuoted) return Buffer.from('"\n')
  return last === NEWLINE ? Buffer.alloc(0) : Buffer.from('\n')
}
