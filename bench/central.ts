/**
 * The stand-in for Central as a process of its own, for the other benches: sends its URL to the parent,
 * then does what it is told.
 */
import { startCentral } from '../src/simulate/central.js'

/** Sends so many frames to each socket that is open, as fast as it takes them. */
export type Command = { readonly frames: number; readonly bytes: number }

const central = await startCentral()

process.on('message', async (command: Command) => {
  const frames = new Array<Uint8Array>(command.frames).fill(Buffer.alloc(command.bytes, 7))
  await Promise.all(central.sockets.map((socket) => socket.sendAll(frames)))
})
process.on('disconnect', () => central.close())
process.send?.({ url: central.url })
