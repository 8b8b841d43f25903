import type { Writable } from 'node:stream'
import type { StreamMessage } from '../classic/message.js'
import { StreamError } from '../errors.js'
import { LineWriter } from '../files/line-writer.js'
import { FileOutput } from './file-output.js'
import type { Exporter, ExporterContext } from './output.js'
import { formatForTerminal } from './terminal.js'

export type StdoutOptions = {
  readonly stream: Writable
  /** Its descriptor where it is a regular file, which is written past the stream ({@link FileOutput}). */
  readonly file?: number | undefined
  /** For people: indented, and with nothing in it that moves a terminal's cursor. Else NDJSON. */
  readonly terminal: boolean
  /** Colours; only where `terminal` is set. */
  readonly colour: boolean
  /** The reader went away (`| head`): the program may end, quietly. */
  onReaderGone(): void
}

// How much may wait for a slow reader before the sockets are slowed down; four writes' worth.
const WINDOW_BYTES = 256 * 1024
// A file is written beside the decoding: larger writes, and enough waiting for the next one.
const FILE_SIZES = { windowBytes: 1024 * 1024, chunkBytes: 256 * 1024 }

// EOF and ECONNRESET where stdout is a socket; the last one where the stream was torn down before.
const READER_GONE: ReadonlySet<unknown> = new Set([
  'EPIPE',
  'EOF',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])
/** A terminal that was closed; from anything else, it is a fault of the device. */
const TERMINAL_GONE = 'EIO'

/**
 * Prints each message: delivered when the write's callback came. Not `drain`: its event comes before
 * a slow pipe has taken the bytes, and many waiting entries would each add a listener.
 */
export function openStdout(options: StdoutOptions, context: ExporterContext): Exporter {
  const { stream, terminal, colour, onReaderGone } = options
  const { counters, signal, over, log } = context
  let readerGone = false
  let writing = false

  const fault = (error: Error & { code?: unknown }): StreamError => {
    const gone = READER_GONE.has(error.code) || (terminal && error.code === TERMINAL_GONE)
    if (gone && !readerGone) {
      readerGone = true
      onReaderGone()
    }
    return new StreamError('export-failed', `stdout: cannot be written (${error.message})`)
  }

  const retried = () => {
    counters.retried++
  }
  const file =
    options.file === undefined
      ? undefined
      : new FileOutput(options.file, { label: 'stdout', log, signal, over, retried })
  const writeToStream = (chunk: Uint8Array) =>
    new Promise<StreamError | undefined>((resolve) => {
      stream.write(chunk, (error) => resolve(error ? fault(error) : undefined))
    })

  const writer = new LineWriter<StreamMessage>({
    ...(file ? FILE_SIZES : { windowBytes: WINDOW_BYTES }),
    async write(lines) {
      const chunk = Buffer.concat(lines)
      writing = true
      const error = await (file
        ? file.write(chunk, (bytes) => writer.taken(bytes)).then(() => undefined, fault)
        : writeToStream(chunk))
      writing = false
      return error
    },
    settled: (messages, error) => {
      counters.waiting -= messages.length
      if (!error) counters.delivered += messages.length
      else if (!readerGone) for (const message of messages) context.giveUp(message, error)
    },
  })

  // Without a listener a fault would end the process before the write's callback told of it.
  const onError = (error: Error) => writer.fail(fault(error))
  stream.on('error', onError)
  const late = file ? 'its file was not written by the end' : 'its reader did not take it in time'
  const giveUp = () => writer.fail(new StreamError('export-failed', `stdout: ${late}`))
  const onSignal = () => {
    if (writing) giveUp()
  }
  signal.addEventListener('abort', onSignal, { once: true })
  over.addEventListener('abort', giveUp, { once: true })
  if (over.aborted) giveUp()

  return {
    needs: terminal ? 'record' : 'line',
    export(message) {
      const line = terminal ? Buffer.from(formatForTerminal(message.record, colour)) : message.line
      counters.waiting++
      return writer.push(line, message)
    },
    async close() {
      await writer.settled()
      signal.removeEventListener('abort', onSignal)
      over.removeEventListener('abort', giveUp)
      await file?.close()
    },
  }
}
