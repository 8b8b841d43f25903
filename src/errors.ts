import { fileURLToPath } from 'node:url'
import { printable } from './text.js'

/**
 * What each failure means for the program: its exit code, and whether trying again can help.
 * This is the only place that says so.
 */
const FAILURES = {
  /** The command line is wrong. */
  usage: { exitCode: 2, retry: false },
  /** The input file is missing, not readable or wrong. */
  'input-invalid': { exitCode: 2, retry: false },
  /** A `.proto` file does not parse or lacks its root message. */
  'schema-invalid': { exitCode: 2, retry: false },
  /** An output, recording, dead letter or the metrics' port cannot be opened. */
  'exporter-unusable': { exitCode: 2, retry: false },
  /** Central answered 401 or 403 to the validation of a key. */
  'key-refused': { exitCode: 3, retry: false },
  /** The token endpoint refused the API client. */
  'client-refused': { exitCode: 3, retry: false },
  /** Handshake answered 401: another credential is looked for, and tried at once. */
  unauthorized: { exitCode: 3, retry: false },
  /** Handshake answered 401 although the credential was validated or renewed just now: temporary. */
  'still-unauthorized': { exitCode: 1, retry: true },
  /** Handshake answered 400 with `Unsubscribed Topic`. */
  'topic-unsubscribed': { exitCode: 3, retry: false },
  /** Handshake answered 3xx; following it would carry the key elsewhere. */
  redirected: { exitCode: 3, retry: false },
  /** Handshake answered 403, 404, another 4xx, or a 2xx that is no upgrade. */
  refused: { exitCode: 3, retry: false },
  /** Answered 408, 429 or 5xx. */
  unavailable: { exitCode: 1, retry: true },
  /** A proxy between here and Central refused or failed. */
  'proxy-failed': { exitCode: 1, retry: true },
  /** DNS or TCP fault. */
  unreachable: { exitCode: 1, retry: true },
  /** No answer in time. */
  'timed-out': { exitCode: 1, retry: true },
  /** Certificate not trusted, expired, or for another name. */
  'certificate-untrusted': { exitCode: 1, retry: true },
  /** An answer that is not what Central is known to send. */
  'answer-invalid': { exitCode: 1, retry: true },
  /** The socket was closed by the server or cut. */
  'connection-lost': { exitCode: 1, retry: true },
  /** Neither frame nor pong for 60 s. */
  'connection-silent': { exitCode: 1, retry: true },
  /** A frame over 64 MiB. */
  'frame-too-large': { exitCode: 1, retry: true },
  /** A frame that is no valid protobuf of its topic. */
  'frame-undecodable': { exitCode: 1, retry: false },
  /** A message that an output gave up. */
  'export-failed': { exitCode: 1, retry: false },
  /** An output refuses all it is sent, until somebody fixes it: a wrong login, path or table. */
  'output-refused': { exitCode: 1, retry: true },
  /** A file or named pipe that cannot be written at present. */
  'not-writable': { exitCode: 1, retry: true },
  /** An output that takes nothing any more, such as stdout when its reader has gone. */
  'output-closed': { exitCode: 1, retry: false },
} as const

export type FailureCode = keyof typeof FAILURES

export type StreamErrorOptions = {
  /** The original error. Never one that could quote a key. */
  cause?: unknown
  /** What the server asked to wait at least before another try, milliseconds. */
  retryAfterMs?: number | undefined
  /** HTTP status or WebSocket close code, where there was one. */
  status?: number | undefined
  /** All problems, where there may be several; each is a complete sentence. */
  problems?: readonly string[] | undefined
  /** Type of the event whose message no schema has. */
  eventType?: string | undefined
}

/** The one error class of the program; `code` is stable and says what kind of failure it is. */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  /** The kind of failure. Messages may change between versions; codes do not. */
  readonly code: FailureCode
  /** How long the server asked to wait at least before another try, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** HTTP status or WebSocket close code, where there was one. */
  readonly status: number | undefined
  /** All problems, each a complete sentence; where there is one problem, it is the message. */
  readonly problems: readonly string[]
  /** Type of the event, where no schema has its message. */
  readonly eventType: string | undefined

  constructor(code: FailureCode, message: string, options: StreamErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.status = options.status
    this.eventType = options.eventType
    this.problems = options.problems ?? [message]
  }

  /** What to show, line by line: the message, then the problems where there are several. */
  get lines(): readonly string[] {
    return this.problems.length > 1 ? [this.message, ...this.problems] : this.problems
  }

  /** Exit code of a program that ends because of it. */
  get exitCode(): 1 | 2 | 3 {
    return FAILURES[this.code].exitCode
  }

  /** Whether trying again can help. */
  get retry(): boolean {
    return FAILURES[this.code].retry
  }
}

/**
 * What was thrown, as an error of this program.
 * @param code of an error of another class; by default one that gives up what an output was about
 */
export function toStreamError(thrown: unknown, code: FailureCode = 'export-failed'): StreamError {
  return thrown instanceof StreamError ? thrown : new StreamError(code, errorText(thrown))
}

/**
 * What a thrown value says, as one printable line of at most 300 characters. A user's module may throw
 * anything: no Error at all, or one whose getters throw.
 */
export function errorText(thrown: unknown): string {
  try {
    const text =
      thrown instanceof Error ? thrown.message || thrown.name : `it threw ${String(thrown)}`
    return printable(String(text).split(/[\r\n]/, 1)[0] ?? '', 300)
  } catch {
    return 'it threw something that cannot be shown'
  }
}

/** Where this program's own code is. */
const OWN = fileURLToPath(new URL('.', import.meta.url))

/**
 * The first place on the stack of an error that is neither Node's nor this program's nor a package's: where a
 * user's module threw it. `/home/me/save.mjs:3:9`
 */
export function placeOf(thrown: unknown): string | undefined {
  const stack = thrown instanceof Error ? thrown.stack : undefined
  const places = Array.from(
    stack?.matchAll(/^ +at (?:.* \()?(file:\/\/)?(\/.*:\d+:\d+)\)?$/gm) ?? [],
    ([, scheme, place = '']) => (scheme ? pathOf(place) : place),
  )
  const own = places.find((place) => !place.startsWith(OWN) && !place.includes('/node_modules/'))
  return own && printable(own, 300)
}

/** What a URL has as the path of a file, with its blanks and the like. */
function pathOf(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

type Words = Readonly<Record<string, string>>

/** What the system says of a file or folder that is read, by code. */
const READ_FAULTS: Words = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'it is a file, not a folder',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'this process has too many files open',
  EIO: 'the disk reports an error',
}

/** The same of one that is written, where it differs. */
export const WRITE_FAULTS: Words = {
  EACCES: 'this user may not write it',
  EPERM: 'this user may not write it',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EBADF: 'it is not open for writing',
  EFBIG: 'the file may not grow any more',
}

/** Why a file or folder cannot be read, for the end of a message that begins with its path. */
export function fileErrorText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return READ_FAULTS[code] ?? errorText(error)
}

/**
 * What the system says of a file, in words and with its code: `the disk is full (ENOSPC)`. Undefined
 * where the error is not the system's.
 * @param texts by code, where others than those for reading fit better
 */
export function systemFault(error: unknown, texts: Words = {}): string | undefined {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return undefined
  const code = String(error.code)
  return `${texts[code] ?? READ_FAULTS[code] ?? 'the system reports an error'} (${code})`
}

/** Why a file cannot be written, for the end of a message that names it. */
export function writeErrorText(error: unknown, texts: Words = {}): string {
  return systemFault(error, { ...WRITE_FAULTS, ...texts }) ?? errorText(error)
}
