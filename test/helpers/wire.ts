/** Bytes of protobuf written by hand, for frames that no library would write. */

/** A varint of a non-negative integer; padded with empty groups to `length` bytes where given. */
export function varint(value: bigint | number, length = 0): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  } while (rest > 0n || bytes.length < length)
  bytes.push((bytes.pop() as number) & 0x7f)
  return Buffer.from(bytes)
}

/** A field with a varint. */
export function int(number: number, value: bigint | number, length = 0): Buffer {
  return Buffer.concat([varint(number * 8), varint(value, length)])
}

/** A field with a length: text, bytes, a message or a packed list. */
export function bytes(number: number, ...parts: (Uint8Array | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content])
}

/** A field with 8 bytes. */
export function fixed64(number: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(8)
  write(buffer)
  return Buffer.concat([varint(number * 8 + 1), buffer])
}

/** A field with 4 bytes. */
export function fixed32(number: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(4)
  write(buffer)
  return Buffer.concat([varint(number * 8 + 5), buffer])
}

/** A group. */
export function group(number: number, ...parts: Uint8Array[]): Buffer {
  return Buffer.concat([varint(number * 8 + 3), ...parts, varint(number * 8 + 4)])
}

/** An envelope around a payload. */
export function frameOf(...payload: Uint8Array[]): Buffer {
  return bytes(3, ...payload)
}
