import { type FileHandle, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isTopic } from '../classic/topics.js'
import { StreamError } from '../errors.js'
import { AppendFile, fileRetryLog } from '../files/append-file.js'
import { pathFrom, prepareFolder, type Repair, statIfThere } from '../files/open-file.js'
import { safeName } from '../files/safe-name.js'
import { getOrMake } from '../maps.js'
import { type Table, tablesOf } from '../rows/tables.js'
import type { AnyTopic, StreamMessage } from '../service.js'
import { shellWord } from '../text.js'
import { csvRows, GUARDED, HEADS, type Head, heading, PLAIN } from './csv-rows.js'
import { FLAG, readType } from './export-type.js'
import { accountOf, type Output, type OutputContext } from './output.js'
import { type Parcel, Piece, writePieces } from './pieces.js'

const DEFAULT_FOLDER = './aruba-stream-csv/'
/** How the files end that are made in the folder. */
export const CSV_ENDING = '.csv'

const FORMS = { plain: FLAG }

/** Tells spreadsheets that a file is UTF-8. */
const BYTE_ORDER_MARK = '\ufeff'

/** Rows are made in pieces: one frame may hold millions of them. */
const PIECE_CHARACTERS = 64 * 1024

/** Some rows of one message for one file. */
class CsvPiece extends Piece {
  readonly table: Table

  constructor(parcel: Parcel, text: string, table: Table) {
    super(parcel, Buffer.from(text))
    this.table = table
  }
}

/** The folder that a target means. */
export function csvFolder(target: string): string {
  return target === '' ? DEFAULT_FOLDER : target
}

/**
 * Opens `csv[:FOLDER]`: one file for each topic and kind of row. Delivered means that the write calls
 * have taken every row of the message.
 */
export async function openCsv(type: string, context: OutputContext): Promise<Output> {
  const { target, options } = readType(type, FORMS, 'csv')
  const named = csvFolder(target)
  const folder = pathFrom(context.cwd, named)
  const label = `--export_data csv:${named}`
  const output = new CsvOutput(folder, label, options.plain ?? false, context)
  await prepareFolder(folder, { ...context, label })
  await output.openExisting()
  return output
}

/** The kinds of rows of a topic. */
type Sheets = { readonly own: Table; readonly head: Head }

class CsvOutput implements Output {
  readonly needs = 'record'
  readonly #folder: string
  readonly #isPlain: boolean
  readonly #context: OutputContext
  readonly #options: Omit<ConstructorParameters<typeof AppendFile<CsvPiece>>[1], 'repair'>
  readonly #sheets = new Map<AnyTopic, Sheets>()
  readonly #files = new Map<Table, AppendFile<CsvPiece>>()

  constructor(folder: string, label: string, isPlain: boolean, context: OutputContext) {
    this.#folder = folder
    this.#isPlain = isPlain
    this.#context = context
    const retryLog = fileRetryLog({ ...context, label })
    this.#options = { ...context, ...accountOf(context), label, retryLog }
  }

  /**
   * Opens the files that exist already, so that other columns are an error at the start.
   * @throws StreamError with all files that cannot be used
   */
  async openExisting(): Promise<void> {
    const names = await readdir(this.#folder)
    const faults: StreamError[] = []
    for (const topic of this.#context.topics) {
      // Most topics have no files, and the columns of all topics take a while to make.
      if (!names.some((name) => name.startsWith(`${safeName(topic)}.`))) continue
      const sheets = this.#sheetsOf(topic)
      for (const table of [sheets.own, ...sheets.own.lists]) {
        const path = this.#pathOf(table)
        if (!(await statIfThere(path))) continue
        try {
          this.#files.set(table, await AppendFile.open(path, this.#optionsOf(sheets, table)))
        } catch (error) {
          if (!(error instanceof StreamError)) throw error
          faults.push(error)
        }
      }
    }
    const [first, ...others] = faults
    if (first === undefined) return
    await this.close()
    if (others.length === 0) throw first
    const message = `${this.#options.label}: ${faults.length} files cannot be used`
    throw new StreamError(first.code, message, { problems: faults.map((fault) => fault.message) })
  }

  write(messages: readonly StreamMessage[]): Promise<void> {
    const piecesOf = (parcel: Parcel) => this.#piecesOf(parcel)
    return writePieces(messages, piecesOf, (pieces) => this.#writePieces(pieces), this.#context)
  }

  async reopen(): Promise<void> {
    await Promise.all(Array.from(this.#files.values(), (file) => file.reopen()))
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#files.values(), (file) => file.close()))
  }

  *#piecesOf(parcel: Parcel): Generator<CsvPiece> {
    const { topic, record } = parcel.message
    const { own, head } = this.#sheetsOf(topic)
    let some = ''
    let of = own
    for (const { table, text } of csvRows(own, record, head, this.#isPlain ? PLAIN : GUARDED)) {
      if (some !== '' && (table !== of || some.length >= PIECE_CHARACTERS)) {
        yield this.#piece(parcel, some, of)
        some = ''
      }
      some += text
      of = table
    }
    yield this.#piece(parcel, some, of)
  }

  #piece(parcel: Parcel, text: string, table: Table): CsvPiece {
    return parcel.add(new CsvPiece(parcel, text, table))
  }

  async #writePieces(pieces: readonly CsvPiece[]): Promise<void> {
    for (const piece of pieces) {
      await this.#fileOf(piece).write([piece])
    }
  }

  #sheetsOf(topic: AnyTopic): Sheets {
    const head = isTopic(topic) ? HEADS.classic : HEADS.newCentral
    return getOrMake(this.#sheets, topic, () => ({ own: tablesOf(topic, this.#context), head }))
  }

  #fileOf({ table, parcel }: CsvPiece): AppendFile<CsvPiece> {
    const { topic } = parcel.message
    return getOrMake(this.#files, table, () => {
      return new AppendFile(this.#pathOf(table), this.#optionsOf(this.#sheetsOf(topic), table))
    })
  }

  #optionsOf({ own, head }: Sheets, table: Table) {
    const line = heading(head, own, table === own ? undefined : table)
    const first = Buffer.from(this.#isPlain ? line : BYTE_ORDER_MARK + line)
    return { ...this.#options, repair: csvRepair(this.#pathOf(table), first) }
  }

  #pathOf(table: Table): string {
    return join(this.#folder, `${safeName(table.name)}${CSV_ENDING}`)
  }
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
      const from = found.toString().startsWith('customer,') ? ' (version 1.0 wrote it)' : ''
      const move = `mv ${shellWord(path)} ${shellWord(`${path}.old`)}`
      throw new StreamError(
        'exporter-unusable',
        `the columns of "${path}" are not those of this version and schema${from}; move it away, and a new one is made: ${move}`,
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
