/** A line without its newline. */
export type Line = {
  /** Counted from 1. */
  readonly number: number
  /** Undefined where the line is longer than allowed: it was skipped, not kept. */
  readonly bytes: Buffer | undefined
  /** Whether a newline ended it; only the last line may lack one. */
  readonly whole: boolean
}

const NEWLINE = 0x0a

/** Splits bytes into lines, holding at most one line of `maxLength` bytes and one chunk. */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  maxLength: number,
): AsyncGenerator<Line> {
  let parts: Buffer[] = []
  let length = 0
  let number = 0
  const add = (part: Buffer) => {
    length += part.length
    if (length <= maxLength) parts.push(part)
    else parts = []
  }
  const line = (whole: boolean): Line => {
    const bytes = length <= maxLength ? Buffer.concat(parts) : undefined
    parts = []
    length = 0
    return { number: ++number, bytes, whole }
  }
  for await (const chunk of chunks) {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start)
      if (end === -1) break
      add(chunk.subarray(start, end))
      yield line(true)
      start = end + 1
    }
    if (start < chunk.length) add(chunk.subarray(start))
  }
  if (length > 0) yield line(false)
}
