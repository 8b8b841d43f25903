import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { DeliverySettings } from './settings.js'

/** How often a socket is asked. */
const POLL_MS = 1_000
const NOTHING = Buffer.alloc(0)

/**
 * Calls back once the reader of a pipe or socket is gone, without writing a byte. A write would fail
 * then, but on a silent topic the next one may be hours away. A slow reader is not gone. Never calls
 * back where the system gives no way to ask: on macOS for pipes, and where the pipe belongs to another
 * user.
 * @param print whether records are printed; where none are, a socket is left alone: it may be the
 *   journal of a service, whose crash must not end the service
 */
export function onReaderGone(
  { stream, fd }: { readonly stream: Writable; readonly fd: number },
  { print }: Pick<DeliverySettings, 'print'>,
  callback: () => void,
): void {
  const stats = fstatSync(fd)
  if (stats.isFIFO()) watchPipe(fd, callback)
  // A datagram socket would take an empty write for a message; Node has no Socket for one.
  else if (stats.isSocket() && stream instanceof Socket && print) pollSocket(fd, callback)
}

/** A socket whose other end is closed refuses even an empty write. */
function pollSocket(fd: number, callback: () => void): void {
  const timer = setInterval(() => {
    try {
      writeSync(fd, NOTHING)
    } catch (error) {
      if (!isErrno(error) || (error.code !== 'EPIPE' && error.code !== 'ECONNRESET')) return
      clearInterval(timer)
      callback()
    }
  }, POLL_MS)
  timer.unref()
}

/**
 * When the last reader of a pipe is gone, Linux reports an error to a process that polls the write end.
 * Node polls only what it reads, so the write end is opened once more and "read": no data comes, only
 * that error. Node's handle for pipes refuses to read a write end. Its handle for TCP does not check.
 */
function watchPipe(fd: number, callback: () => void): void {
  let end: number
  try {
    end = openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    // A named pipe without a reader.
    if (isErrno(error) && error.code === 'ENXIO') callback()
    return
  }
  const handle = createHandle()
  if (handle?.open(end) !== 0) {
    closeSync(end)
    return
  }
  const options = { handle, readable: true, writable: false }
  const socket = new Socket(options)
  socket.on('error', () => {}).on('close', callback)
  socket.resume()
  socket.unref()
}

/** The handle inside a Socket of Node. It is not documented, so its methods are checked. */
type Handle = { open(fd: number): number; readonly constructor: new (type: number) => Handle }

function createHandle(): Handle | undefined {
  const socket = new Socket().on('error', () => {})
  // Makes the handle, and never connects: the name is never resolved.
  socket.connect({ host: 'localhost', port: 1, lookup: () => {} })
  const made: Handle | undefined = Reflect.get(socket, '_handle')
  const handle = typeof made?.open === 'function' ? new made.constructor(0) : undefined
  socket.destroy()
  return handle
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}
