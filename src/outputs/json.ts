import { join } from 'node:path'
import { ByteBudget } from '../delivery/byte-budget.js'
import { AppendFile, fileRetryLog } from '../files/append-file.js'
import { pathFrom, prepareFolder } from '../files/open-file.js'
import type { Rotation } from '../files/rotating-file.js'
import { safeName } from '../files/safe-name.js'
import { getOrMake } from '../maps.js'
import { type OptionForm, optionPairs, ROWS, readType } from './export-type.js'
import { accountOf, type Item, type LineOutput, type Output, type OutputContext } from './output.js'
import { asRows } from './rows.js'

/** Where `json` writes without a PATH. */
export const DEFAULT_JSON_PATH = './aruba-stream.ndjson'
/** How the files end that are made in a folder. */
export const JSON_ENDING = '.ndjson'

/** What may wait for one file of a folder: a full disk can hold up a thousand files at the same time. */
const FOLDER_FILE_BYTES = 64 * 1024

const UNITS: Readonly<Record<string, number>> = { kb: 1e3, mb: 1e6, gb: 1e9 }

const ROTATE: OptionForm<Rotation> = {
  expected: 'SIZE,COUNT such as 100MB,10 (in kB, MB or GB; up to 1000 files)',
  read(value = '') {
    const [, size, unit = '', count] = /^(\d{1,6})([kmg]b),(\d{1,4})$/i.exec(value) ?? []
    const bytes = Number(size) * (UNITS[unit.toLowerCase()] ?? 0)
    const keep = Number(count)
    return bytes > 0 && keep >= 1 && keep <= 1000 ? { bytes, keep } : undefined
  },
}

/** The rotation that a TYPE asks for. What is wrong with its options is reported when it is opened. */
export function rotationOf(type: string): Rotation | undefined {
  const [, value] = optionPairs(type).find(([name]) => name === 'rotate') ?? []
  return ROTATE.read(value)
}

/**
 * Opens `json[:PATH]`: NDJSON, appended to one file, or for a PATH that ends in `/` to one file per
 * entry in that folder. Delivered means that the write call has taken the whole line.
 */
export async function openJson(type: string, context: OutputContext): Promise<Output> {
  const { target, options } = readType(type, { ...ROWS, rotate: ROTATE }, 'json')
  const output = await openLines(target || DEFAULT_JSON_PATH, options.rotate, context)
  return options.rows ? asRows(output, context) : output
}

async function openLines(
  path: string,
  rotation: Rotation | undefined,
  context: OutputContext,
): Promise<LineOutput> {
  const label = `--export_data json:${path}`
  const options = { ...context, ...accountOf(context), label, rotation }
  const place = pathFrom(context.cwd, path)
  if (path.endsWith('/')) return openFolder(place, options)
  const file = await AppendFile.open(place, options)
  return {
    needs: 'line',
    write: (messages) => file.write(messages),
    reopen: () => file.reopen(),
    close: () => file.close(),
  }
}

async function openFolder(
  folder: string,
  options: ConstructorParameters<typeof AppendFile<Item>>[1],
): Promise<LineOutput> {
  const retryLog = fileRetryLog(options)
  const files = new Map<string, AppendFile<Item>>()
  /** Those that are being closed: none is open twice. */
  const closing = new Map<string, Promise<void>>()
  const openFile = (label: string) => {
    const budget = new ByteBudget(FOLDER_FILE_BYTES)
    const path = join(folder, `${safeName(label)}${JSON_ENDING}`)
    return new AppendFile(path, { ...options, retryLog, budget, after: closing.get(label) })
  }
  const closeFile = async (label: string, file: AppendFile<Item>) => {
    const closed = file.close()
    closing.set(label, closed)
    await closed
    if (closing.get(label) === closed) closing.delete(label)
  }
  await prepareFolder(folder, options)
  return {
    needs: 'line',
    async write(messages) {
      const [first] = messages
      if (!first) return
      await getOrMake(files, first.label, () => openFile(first.label)).write(messages)
    },
    async reopen() {
      const reopened = Array.from(files, ([label, file]) => {
        if (!file.idle) return file.reopen()
        // It is opened again for its next line. There may be none: the entry may have been removed.
        files.delete(label)
        return closeFile(label, file)
      })
      await Promise.all(reopened)
    },
    async close() {
      await Promise.all([
        ...closing.values(),
        ...Array.from(files.values(), (file) => file.close()),
      ])
    },
  }
}
