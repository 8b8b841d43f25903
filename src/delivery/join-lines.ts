/** As much as one write of a file takes. */
const BYTES = 256 * 1024

/**
 * The memory that all writes use in turn; undefined while one uses it. One piece for the whole program: a folder has
 * many files, and few are written at the same time.
 */
let free: Buffer | undefined = Buffer.allocUnsafeSlow(BYTES)

/**
 * Joins lines for one write. New memory for each write would be as much for the garbage collector as the lines
 * themselves.
 * @param write gets the lines in one piece, which nothing may read any more when it has settled
 */
export async function joinLines(
  lines: readonly Uint8Array[],
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const length = lines.reduce((sum, line) => sum + line.length, 0)
  const memory = free
  if (!memory || length > BYTES) return write(Buffer.concat(lines, length))
  free = undefined
  try {
    let at = 0
    for (const line of lines) {
      memory.set(line, at)
      at += line.length
    }
    await write(memory.subarray(0, length))
  } finally {
    free = memory
  }
}
