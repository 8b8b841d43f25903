import type { FileHandle } from 'node:fs/promises'
import { StreamError } from '../errors.js'
import type { Mend } from '../files/open-for-append.js'

const QUOTE = 0x22
const NEWLINE = 0x0a

/**
 * What must come before the first new row of a CSV file: the heading where the file is new; where a
 * crash tore the last row, the quote and newline that end it.
 * @param heading the first line, with its newline
 * @throws StreamError `exporter-unusable` where the file has other columns
 */
export function csvMend(label: string, path: string, heading: Buffer): Mend {
  return async (file, size) => {
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(heading.length),
      position: 0,
    })
    const found = buffer.subarray(0, bytesRead)
    if (!found.equals(heading.subarray(0, bytesRead))) {
      throw new StreamError(
        'exporter-unusable',
        `${label}: the columns of "${path}" are not those of this version and schema; move it away, and a new one is made`,
      )
    }
    // A crash can also have torn the heading.
    if (bytesRead < heading.length) return heading.subarray(bytesRead)
    return endOfTornRow(file, size)
  }
}

/** A newline may stand within quotes, so only the number of quotes before it says whether a row is whole. */
async function endOfTornRow(file: FileHandle, size: number): Promise<Uint8Array> {
  const chunk = Buffer.alloc(1 << 20)
  let isQuoted = false
  let last = NEWLINE
  for (let position = 0; position < size; ) {
    const { bytesRead } = await file.read({ buffer: chunk, position })
    if (bytesRead === 0) break
    const bytes = chunk.subarray(0, bytesRead)
    for (const byte of bytes) if (byte === QUOTE) isQuoted = !isQuoted
    last = bytes.at(-1) ?? last
    position += bytesRead
  }
  if (isQuoted) return Buffer.from('"\n')
  return last === NEWLINE ? Buffer.alloc(0) : Buffer.from('\n')
}
