/** Text that is JSON already and is written often: four bytes at a time, the last four filled up. */
export type PackedText = { readonly words: Int32Array; readonly length: number }

/** Packs text that a JsonWriter is to write often. */
export function packText(json: string): PackedText {
  const length = Buffer.byteLength(json)
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4)
  bytes.write(json)
  const words = Int32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32LE(i * 4))
  return { words, length }
}
