import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Parcel, Piece, writePieces } from '../../src/outputs/pieces.js'
import { fakeContext, fakeMessage } from '../helpers/export-fakes.js'

const MIB = 1024 * 1024

test('a message whose rows would be many times its frame is given up, and the next one is written', async () => {
  const context = fakeContext()
  const [endless, good] = [fakeMessage('A', 1), fakeMessage('A', 2)]
  function* piecesOf(parcel: Parcel): Generator<Piece> {
    // A long text that stands in each of a million rows.
    const count = parcel.message === endless ? 1_000_000 : 3
    for (let n = 0; n < count; n++) yield parcel.add(new Piece(parcel, Buffer.alloc(MIB)))
  }
  let written = 0
  const write = async (pieces: readonly Piece[]) => {
    for (const { parcel, line } of pieces) {
      written += line.length
      if (parcel.settle(undefined)) context.counters.delivered++
    }
  }
  await writePieces([endless, good], piecesOf, write, context)
  assert.ok(written < 100 * MIB, `${written} bytes`)
  assert.equal(context.counters.delivered, 1)
  assert.deepEqual(
    context.givenUp.map(({ message, error }) => [message, error.message]),
    [[endless, 'its rows would take more than 64 MiB, too much for a frame of 1 KiB']],
  )
})
