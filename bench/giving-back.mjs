import { WRITER } from '../src/decode/to-json.ts'

/** About as many as one write to a file has. */
const LINES = 120

/**
 * Decodes frames to lines and gives their memory back after some, as the program does when a file or stdout is its
 * only output. An output that keeps lines, and the library, leave them to the garbage collector.
 */
export function givingBack(decode) {
  const lines = []
  return (frame) => {
    lines.push(decode(frame).line)
    if (lines.length < LINES) return
    for (const line of lines) WRITER.slabs.giveBack(line)
    lines.length = 0
  }
}
