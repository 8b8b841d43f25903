import { sleep, systemClock, untilAborted } from '../clock.js'
import type { Batch, SendQueueOptions } from '../delivery/batch.js'
import { ByteBudget } from '../delivery/byte-budget.js'
import { joinLines } from '../delivery/join-lines.js'
import { type OutputState, RetryLog } from '../delivery/retries.js'
import { SendQueue } from '../delivery/send-queue.js'
import { StreamError, writeErrorText } from '../errors.js'
import { identityOf } from './distinct-files.js'
import {
  adoptFile,
  type OpenFile,
  type OpenFileOptions,
  openFault,
  openForAppend,
  unusableFile,
} from './open-file.js'
import { openRotating, type Rotation } from './rotating-file.js'

type AppendFileOptions<Item> = OpenFileOptions &
  Pick<
    SendQueueOptions<Item>,
    | ('heldBytes' | 'accepted' | 'settled' | 'release' | 'retried')
    | ('stopping' | 'holdOver' | 'graceOver' | 'overdue' | 'forced' | 'lateWork')
  > & {
    /** Default: the file grows without a limit. */
    readonly rotation?: Rotation | undefined
    /** The line of an item, with its newline; it is delivered when it is in the file. */
    encode(item: Item): Uint8Array
    /** Whether it works; kept up to date. */
    readonly state?: OutputState
    /** Shared by files whose trouble is logged as one; default: each has its own. */
    readonly retryLog?: RetryLog
    /** Bounds what waits; default: 1 MiB. */
    readonly budget?: ByteBudget
    /** Why lines are given up at the end. */
    readonly late?: string
    /** Settles when another one has closed the same path: the file is not opened before. */
    readonly after?: Promise<void> | undefined
  }

/** One write: few system calls, and little to wait for. */
const BATCH = { maxBytes: 256 * 1024 }
const BUDGET_BYTES = 1024 * 1024

// A full disk is tried again soon, and then every few seconds.
const RETRY_MS = { first: 200, longest: 5000 }
// A pipe whose reader is slow is no fault, and room comes soon.
const PIPE_MS = { first: 5, longest: 100 }

/** An error that waiting does not change: the descriptor is not open for writing. */
const HOPELESS = 'EBADF'

/** Logs the trouble of a file, or of all files of a folder. */
export function fileRetryLog({
  label,
  log,
  state,
}: Pick<AppendFileOptions<never>, 'label' | 'log' | 'state'>): RetryLog {
  const works = (_: number, seconds: number) => `${label}: is written again after ${seconds} s`
  const words = { waits: 'waiting until it can be written', works }
  return new RetryLog({ log, words, ...(state && { state }) })
}

/**
 * A file that grows by whole lines, in order. What the write call has taken is delivered, and survives a
 * kill of this process. After a fault such as a full disk, half a line is continued, never written twice.
 */
export class AppendFile<Item> {
  readonly path: string
  readonly #options: AppendFileOptions<Item>
  readonly #queue: SendQueue<Item>
  #file: OpenFile | undefined
  /** How many bytes of the first waiting line are in the file already. */
  #torn = 0
  /** The last use of the file; the next one waits for it. */
  #lastTurn: Promise<void>
  #ended = false

  /** A file that is opened with its first line; a fault then is retried like any other. */
  constructor(path: string, options: AppendFileOptions<Item>, file?: OpenFile) {
    const { label, after = Promise.resolve() } = options
    this.path = path
    this.#options = options
    this.#file = file
    this.#lastTurn = after
    this.#queue = new SendQueue({
      late: `${label}: was not written by the end`,
      budget: new ByteBudget(BUDGET_BYTES),
      retryLog: fileRetryLog(options),
      ...options,
      batch: BATCH,
      deliver: (batch, signal) => this.#deliver(batch, signal),
      delayMs: (failures) => pauseMs(RETRY_MS, failures),
    })
  }

  /**
   * A file that is opened now, not with its first line.
   * @throws StreamError `exporter-unusable`, or `usage` where it has another use already
   */
  static async open<Item>(
    path: string,
    options: AppendFileOptions<Item>,
  ): Promise<AppendFile<Item>> {
    try {
      return new AppendFile(path, options, await openFile(path, options))
    } catch (error) {
      throw unusableFile(options.label, path, error)
    }
  }

  /** A file that is open already, such as a redirected stdout. */
  static adopt<Item>(fd: number, options: AppendFileOptions<Item>): AppendFile<Item> {
    return new AppendFile('', options, adoptFile(fd))
  }

  /** Whether all accepted items are in the file or given up. */
  get idle(): boolean {
    return this.#queue.idle
  }

  /** Accepts items; resolves when there is room for more. */
  write(items: readonly Item[]): Promise<void> {
    return this.#queue.write(items)
  }

  /** Opens the path again, where another program (logrotate) has moved the file. */
  async reopen(): Promise<void> {
    // SIGHUP may come while the program still closes something else.
    if (this.#ended || this.path === '') return
    await this.#inTurn(() => this.#followPath())
    this.#queue.retryNow()
  }

  /** Resolves when every line is settled and the file is closed. */
  async close(): Promise<void> {
    await this.#queue.close()
    if (this.#ended) return
    this.#ended = true
    // A file system that hangs must not hold up the end.
    const limit = this.#queue.gaveUp ? AbortSignal.abort() : this.#options.forced
    const closed = this.#inTurn(() => this.#closeFile(this.#file))
    await untilAborted(closed, limit).catch(() => {})
  }

  async #deliver(batch: Batch<Item>, signal: AbortSignal): Promise<void> {
    const { lines } = batch
    let file = this.#file
    let written = this.#torn
    let delivered = 0
    let tries = 0
    await joinLines(lines, async (chunk) => {
      while (written < chunk.length && !signal.aborted) {
        try {
          await this.#inTurn(async () => {
            // The file was opened again. The new one starts with a whole line.
            if (file !== this.#file) written = wholeLines(lines, written).bytes
            this.#file ??= await openFile(this.path, this.#options)
            file = this.#file
            written += await file.write(chunk, written)
          })
          tries = 0
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw this.#fault(error)
          await sleep(pauseMs(PIPE_MS, ++tries), systemClock, signal)
        } finally {
          const whole = wholeLines(lines, written)
          this.#torn = written - whole.bytes
          if (written < chunk.length && whole.count > delivered)
            batch.delivered(whole.count - delivered)
          delivered = whole.count
        }
      }
    })
  }

  #fault(error: unknown): StreamError {
    const { label } = this.#options
    if (error instanceof StreamError) {
      const says = error.code === 'usage' ? error.message : `${label}: ${error.message}`
      return new StreamError('not-writable', says, { cause: error })
    }
    const { code } = error as NodeJS.ErrnoException
    if (code === HOPELESS) {
      const says = `${label}: cannot be written: ${writeErrorText(error)}`
      return new StreamError('output-closed', says)
    }
    const says = this.#file ? writeErrorText(error) : openFault(this.path, error)
    return new StreamError('not-writable', `${label}: ${says}`, { cause: error })
  }

  /**
   * Opens what the path leads to now and closes the old file. Where that fails, the old one is kept, unless it was
   * removed: what is written to it would be lost.
   */
  async #followPath(): Promise<void> {
    const old = this.#file
    try {
      // Where nothing is there, the file is made anew.
      if (!old || old.identity === (await identityOf(this.path).catch(() => ''))) return
      this.#file = await openFile(this.path, this.#options)
      this.#torn = 0
      await this.#closeFile(old)
    } catch (error) {
      const { log, label } = this.#options
      log.warn(`${label}: the file was not opened again: ${openFault(this.path, error)}`)
      if (!(await old?.removed?.().catch(() => false))) return
      this.#file = undefined
      this.#torn = 0
      await this.#closeFile(old)
    }
  }

  async #closeFile(file: OpenFile | undefined): Promise<void> {
    try {
      await file?.sync().finally(() => file.close())
    } catch (error) {
      const { log, label } = this.#options
      log.warn(`${label}: its last lines may be missing: ${writeErrorText(error)}`)
    }
  }

  /** Uses the file for one thing at a time: it is reopened between two writes. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(work)
    this.#lastTurn = turn.catch(() => {})
    return turn
  }
}

function openFile(path: string, options: AppendFileOptions<never>): Promise<OpenFile> {
  const { rotation } = options
  return rotation ? openRotating(path, rotation, options) : openForAppend(path, options)
}

/** The lines that are wholly among the first `bytes` bytes. */
function wholeLines(lines: readonly Uint8Array[], bytes: number): { count: number; bytes: number } {
  const whole = { count: 0, bytes: 0 }
  for (const { length } of lines) {
    if (whole.bytes + length > bytes) break
    whole.count += 1
    whole.bytes += length
  }
  return whole
}

function pauseMs({ first, longest }: typeof RETRY_MS, tries: number): number {
  return Math.min(first * 2 ** (tries - 1), longest)
}
