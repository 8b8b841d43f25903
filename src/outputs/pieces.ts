import { StreamError, toStreamError } from '../errors.js'
import type { StreamMessage } from '../service.js'
import type { LineOutput, Output, OutputContext } from './output.js'

/** A message that is sent in several pieces: settled when the last one is. */
export class Parcel {
  readonly message: StreamMessage
  /** The first thing that went wrong with it. */
  error: StreamError | undefined
  /** Pieces that are not settled, and one for the maker of the pieces. */
  #open = 1

  constructor(message: StreamMessage) {
    this.message = message
  }

  /** Counts a piece of this parcel. */
  add<T extends Piece>(piece: T): T {
    this.#open++
    return piece
  }

  /** Settles one piece; returns whether it was the last. */
  settle(error: StreamError | undefined): boolean {
    this.error ??= error
    this.#open--
    return this.#open === 0
  }
}

/** A part of what is sent of a message: some of its rows. */
export class Piece {
  readonly parcel: Parcel
  readonly line: Uint8Array
  readonly label: string
  readonly frame: Uint8Array

  constructor(parcel: Parcel, line: Uint8Array) {
    const { label, frame } = parcel.message
    this.parcel = parcel
    this.line = line
    this.label = label
    this.frame = frame
  }
}

/** Pieces that are handed over together: one message may have millions of rows. */
const HANDED_BYTES = 64 * 1024

const MIB = 1024 * 1024

/** Each row repeats the values of its message: a long text beside a long list takes the product of both. */
const limitFor = (frame: number) => Math.min(64 * MIB + 32 * frame, 1024 * MIB)

/**
 * Hands messages to an output in pieces. While it has no room, no further pieces are made.
 * @param piecesOf makes the pieces of a message; where it throws, the message is given up
 * @param write resolves when there is room for more
 */
export async function writePieces<T extends Piece>(
  messages: readonly StreamMessage[],
  piecesOf: (parcel: Parcel) => Iterable<T>,
  write: (pieces: readonly T[]) => Promise<void>,
  context: Pick<OutputContext, 'counters' | 'giveUp'>,
): Promise<void> {
  let pieces: T[] = []
  let bytes = 0
  for (const message of messages) {
    const parcel = new Parcel(message)
    const limit = limitFor(message.frame.length)
    let total = 0
    try {
      for (const piece of piecesOf(parcel)) {
        pieces.push(piece)
        total += piece.line.length
        if (total > limit) throw tooMany(limit, message)
        bytes += piece.line.length
        if (bytes < HANDED_BYTES) continue
        const full = pieces
        pieces = []
        bytes = 0
        await write(full)
        if (parcel.error) break
      }
    } catch (error) {
      parcel.error ??= toStreamError(error)
      // What was not handed over is dropped.
      const dropped = pieces.filter((piece) => piece.parcel === parcel)
      pieces = pieces.filter((piece) => piece.parcel !== parcel)
      for (const _ of dropped) parcel.settle(undefined)
    }
    if (parcel.settle(undefined)) countOutcome(message, parcel.error, context)
  }
  if (pieces.length > 0) await write(pieces)
}

function tooMany(limit: number, { frame }: StreamMessage): StreamError {
  const mib = Math.floor(limit / MIB)
  const kib = Math.ceil(frame.length / 1024)
  return new StreamError(
    'export-failed',
    `its rows would take more than ${mib} MiB, too much for a frame of ${kib} KiB`,
  )
}

/** Counts what became of a message. */
export function countOutcome(
  message: StreamMessage,
  error: StreamError | undefined,
  { counters, giveUp }: Pick<OutputContext, 'counters' | 'giveUp'>,
): void {
  if (error) giveUp(message, error)
  else counters.delivered++
}

/**
 * An output of lines that gets pieces of each message in place of its line.
 * @param needs `rows`: what the decoder has made of them is taken as it is
 */
export function inPieces(
  output: LineOutput,
  needs: 'record' | 'rows',
  textsOf: (message: StreamMessage) => Iterable<string>,
  context: OutputContext,
): Output {
  function* piecesOf(parcel: Parcel): Generator<Piece> {
    const { message } = parcel
    if (needs === 'rows' && message.rows) {
      yield parcel.add(new Piece(parcel, message.rows))
      return
    }
    for (const text of textsOf(message)) yield parcel.add(new Piece(parcel, Buffer.from(text)))
  }
  return {
    needs,
    write: (messages) => writePieces(messages, piecesOf, (pieces) => output.write(pieces), context),
    close: () => output.close(),
    reopen: async () => output.reopen?.(),
  }
}
