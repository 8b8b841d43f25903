import { join } from 'node:path'
import { type Options, stringify } from 'csv-stringify/sync'
import type { StreamMessage } from '../classic/message.js'
import { loadSchema } from '../classic/schema.js'
import type { Topic } from '../classic/topics.js'
import type { StreamError } from '../errors.js'
import { AppendFile } from '../files/append-file.js'
import { FileNews } from '../files/file-trouble.js'
import { prepareFolder } from '../files/folder.js'
import { statIfThere } from '../files/open-for-append.js'
import { safeName } from '../files/safe-name.js'
import { csvMend } from './csv-repair.js'
import { createSheets, type Sheet } from './csv-sheets.js'
import type { Exporter, ExporterContext } from './output.js'

const DEFAULT_FOLDER = './aruba-stream-csv/'

const CSV: Options = {
  // A text that a spreadsheet would run gets a ' before it: names of networks are chosen by strangers.
  escape_formulas: true,
  // Tells an empty text from a value that was not sent.
  quoted_match: /^$/,
  cast: { boolean: String },
}

/** A message on its way: delivered when the last of its files has its rows. */
type Parcel = { readonly message: StreamMessage; files: number; error: StreamError | undefined }

/**
 * Opens `csv[:FOLDER]`: one file for each topic and kind of row. Delivered means that the write calls
 * have taken every row of the message.
 */
export async function openCsv(target: string, context: ExporterContext): Promise<Exporter> {
  const folder = target === '' ? DEFAULT_FOLDER : target
  const label = `--export_data csv:${folder}`
  const { log, signal, over, counters, protoDir, readable } = context
  const sheets = new Map<Topic, Sheet[]>()
  const files = new Map<Sheet, AppendFile<Parcel>>()

  const sheetsFor = (topic: Topic): Sheet[] => {
    const known = sheets.get(topic)
    if (known) return known
    const made = createSheets(loadSchema(topic, { protoDir }), readable)
    sheets.set(topic, made)
    return made
  }

  const settled = (parcels: readonly Parcel[], error: StreamError | undefined) => {
    for (const parcel of parcels) {
      parcel.files--
      parcel.error ??= error
      if (parcel.files > 0) continue
      counters.waiting--
      if (parcel.error) context.giveUp(parcel.message, parcel.error)
      else counters.delivered++
    }
  }
  const retried = () => {
    counters.retried++
  }
  const pathOf = (sheet: Sheet) => join(folder, `${safeName(sheet.name)}.csv`)
  const news = new FileNews({ label, log })
  const optionsFor = (sheet: Sheet) => ({
    label,
    log,
    news,
    signal,
    over,
    settled,
    retried,
    mend: csvMend(label, pathOf(sheet), Buffer.from(stringify([[...sheet.columns]], CSV))),
  })
  const fileFor = (sheet: Sheet): AppendFile<Parcel> => {
    const known = files.get(sheet)
    if (known) return known
    const file = new AppendFile<Parcel>(pathOf(sheet), optionsFor(sheet))
    files.set(sheet, file)
    return file
  }

  await prepareFolder(folder, label)
  // Files that are there already are opened now, so that other columns are an error at the start.
  for (const sheet of context.topics.flatMap(sheetsFor)) {
    const path = pathOf(sheet)
    if (await statIfThere(path)) {
      files.set(sheet, await AppendFile.open(path, optionsFor(sheet)))
    }
  }

  return {
    needs: 'record',
    export(message) {
      const { record, topic } = message
      const parts = sheetsFor(topic).flatMap((sheet) => {
        const rows = sheet.rows(record)
        return rows.length === 0 ? [] : [{ sheet, bytes: Buffer.from(stringify(rows, CSV)) }]
      })
      counters.waiting++
      const parcel: Parcel = { message, files: parts.length, error: undefined }
      const waits = parts.flatMap(({ sheet, bytes }) => fileFor(sheet).push(bytes, parcel) ?? [])
      if (waits.length > 0) return Promise.all(waits).then(() => undefined)
    },
    async reopen() {
      await Promise.all([...files.values()].map((file) => file.reopen()))
    },
    async close() {
      await Promise.all([...files.values()].map((file) => file.close()))
    },
  }
}
