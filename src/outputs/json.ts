import { join } from 'node:path'
import type { StreamMessage } from '../classic/message.js'
import type { StreamError } from '../errors.js'
import { AppendFile, type AppendFileOptions } from '../files/append-file.js'
import { FileNews } from '../files/file-trouble.js'
import { prepareFolder } from '../files/folder.js'
import { safeName } from '../files/safe-name.js'
import { DEFAULT_JSON_PATH } from './json-path.js'
import type { Exporter, ExporterContext } from './output.js'

/** What may wait for one file of a folder: a full disk holds up a thousand of them at once. */
const FOLDER_WINDOW_BYTES = 64 * 1024

/**
 * Opens `json[:PATH]`: NDJSON, appended to one file, or for a PATH that ends in `/` to one file per
 * entry in that folder. Delivered means that the write call has taken the whole line.
 */
export async function openJson(target: string, context: ExporterContext): Promise<Exporter> {
  const path = target === '' ? DEFAULT_JSON_PATH : target
  const label = `--export_data json:${path}`
  const news = new FileNews({ label, log: context.log })
  const options = { ...fileOptions(context), label, news }
  const files = new Map<string, AppendFile<StreamMessage>>()
  let fileFor: (customer: string) => AppendFile<StreamMessage>

  const isFolder = path.endsWith('/')
  if (isFolder) {
    await prepareFolder(path, label)
    fileFor = (customer) => {
      const known = files.get(customer)
      if (known) return known
      const file = new AppendFile(join(path, `${safeName(customer)}.ndjson`), {
        ...options,
        windowBytes: FOLDER_WINDOW_BYTES,
      })
      files.set(customer, file)
      return file
    }
  } else {
    const file = await AppendFile.open(path, options)
    files.set('', file)
    fileFor = () => file
  }

  /** A file of a folder is made again with its next line, which may never come: entries go, too. */
  const reopen = (name: string, file: AppendFile<StreamMessage>) => {
    if (!isFolder || !file.idle) return file.reopen()
    files.delete(name)
    return file.close()
  }

  return {
    needs: 'line',
    export(message) {
      const { line, customer } = message
      context.counters.waiting++
      return fileFor(customer).push(line, message)
    },
    async reopen() {
      await Promise.all(Array.from(files, ([name, file]) => reopen(name, file)))
    },
    async close() {
      await Promise.all([...files.values()].map((file) => file.close()))
    },
  }
}

/** How an exporter whose lines are messages keeps its counters. */
function fileOptions({
  log,
  signal,
  over,
  counters,
  giveUp,
}: ExporterContext): Omit<AppendFileOptions<StreamMessage>, 'label'> {
  return {
    log,
    signal,
    over,
    retried: () => {
      counters.retried++
    },
    settled(messages: readonly StreamMessage[], error: StreamError | undefined) {
      counters.waiting -= messages.length
      if (!error) counters.delivered += messages.length
      else for (const message of messages) giveUp(message, error)
    },
  }
}
