import { isUtf8 } from 'node:buffer'
import { copyPlain, ESCAPES, encodeBase64, type PackedText, viewOf } from './json-bytes.js'
import { lowerDigits, upperDigits } from './numbers.js'
import { SLAB_SIZE, Slabs } from './slabs.js'

export { type PackedText, packText } from './json-bytes.js'

const QUOTE = 0x22
const ZERO = 0x30

/** Enough for any number in quotes, with the punctuation around it. */
const NUMBER_SIZE = 32

/** Writes JSON text as UTF-8. Texts share slabs. Those taken stay valid until they are given back. */
export class JsonWriter {
  /** Takes back texts that nothing reads any more. */
  readonly slabs = new Slabs()
  #bytes = this.slabs.current.bytes
  #view = this.slabs.current.view
  /** Where the last string came from. */
  #from = this.#bytes
  #fromView = this.#view
  #pos = 0
  /** Where the current text begins. */
  #start = 0

  /** Length of the text so far. */
  get length(): number {
    return this.#pos - this.#start
  }

  /** Drops the current text. */
  restart(): void {
    this.#pos = this.#start
  }

  /** Returns the current text and begins the next one. */
  take(): Uint8Array {
    const { buffer, byteOffset } = this.#bytes
    const taken = new Uint8Array(buffer, byteOffset + this.#start, this.#pos - this.#start)
    this.#start = this.#pos
    this.slabs.current.texts++
    // A slab for one huge text is not kept for the small ones that follow.
    if (this.#bytes.length > SLAB_SIZE) this.#move(SLAB_SIZE)
    return taken
  }

  /** Replaces a character of the current text. */
  replace(index: number, code: number): void {
    this.#bytes[this.#start + index] = code
  }

  /** Appends a part of the current text again. */
  again(index: number, length: number): void {
    if (this.#bytes.length - this.#pos < length) this.#grow(length)
    const from = this.#start + index
    this.#bytes.copyWithin(this.#pos, from, from + length)
    this.#pos += length
  }

  /** One ASCII character. */
  byte(code: number): void {
    if (this.#pos === this.#bytes.length) this.#grow(1)
    this.#bytes[this.#pos++] = code
  }

  /** Packed text. */
  packed({ words, length }: PackedText): void {
    const size = words.length * 8
    if (this.#bytes.length - this.#pos < size) this.#grow(size)
    const view = this.#view
    const pos = this.#pos
    for (let i = 0; i < words.length; i++) view.setFloat64(pos + i * 8, words[i] as number, true)
    this.#pos = pos + length
  }

  /** JSON text in ASCII. */
  ascii(json: string): void {
    const { length } = json
    if (this.#bytes.length - this.#pos < length) this.#grow(length)
    const bytes = this.#bytes
    const pos = this.#pos
    for (let i = 0; i < length; i++) bytes[pos + i] = json.charCodeAt(i)
    this.#pos = pos + length
  }

  /** A string of any kind. */
  text(text: string): void {
    const json = JSON.stringify(text)
    const length = Buffer.byteLength(json)
    if (this.#bytes.length - this.#pos < length) this.#grow(length)
    this.#pos += this.#bytes.write(json, this.#pos)
  }

  /** A number as `JSON.stringify` has it: `-0` as 0; `NaN` and infinities as strings. */
  number(value: number): void {
    if (value >= 0 && Number.isSafeInteger(value)) {
      this.#reserveNumber()
      this.#digits(value)
    } else {
      this.ascii(Number.isFinite(value) ? String(value) : `"${value}"`)
    }
  }

  /** The last `length` digits of a non-negative integer below 2^31, without quotes. */
  padded(value: number, length: number): void {
    this.#reserveNumber()
    this.#paddedDigits(value, length)
  }

  /** A signed 32-bit integer. */
  int32(value: number): void {
    this.#reserveNumber()
    if (value < 0) this.#bytes[this.#pos++] = 0x2d
    this.#digits(Math.abs(value))
  }

  /** An unsigned 32-bit integer, given as a signed one. */
  uint32(value: number): void {
    this.#reserveNumber()
    this.#digits(value >>> 0)
  }

  /** A 64-bit integer from its halves, in quotes. */
  int64(low: number, high: number, signed: boolean): void {
    this.byte(QUOTE)
    this.integer64(low, high, signed)
    this.byte(QUOTE)
  }

  /** A 64-bit integer from its halves. */
  integer64(low: number, high: number, signed: boolean): void {
    this.#reserveNumber()
    if (signed && high < 0) {
      this.#bytes[this.#pos++] = 0x2d
      this.#digits64(-low >>> 0, (low === 0 ? -high : ~high) >>> 0)
    } else {
      this.#digits64(low >>> 0, high >>> 0)
    }
  }

  /** A string from its UTF-8 bytes; what is not UTF-8 becomes U+FFFD. */
  string(from: Buffer, start: number, end: number): void {
    const length = end - start
    if (this.#bytes.length - this.#pos < length + 2) this.#grow(length + 2)
    if (from !== this.#from) {
      this.#from = from
      this.#fromView = viewOf(from)
    }
    const before = this.length
    let bytes = this.#bytes
    let pos = this.#pos
    bytes[pos++] = QUOTE
    let checked = false
    for (let at = start; ; at++) {
      const plain = copyPlain(this.#fromView, at, end, this.#view, pos)
      at += plain
      pos += plain
      if (at === end) break
      const byte = from[at] as number
      if (byte >= 0x80) {
        if (!(checked || isUtf8(from.subarray(at, end)))) {
          this.#pos = this.#start + before
          this.text(from.toString('utf8', start, end))
          return
        }
        checked = true
        bytes[pos++] = byte
        continue
      }
      const escaped = ESCAPES[byte] as Uint8Array
      this.#pos = pos
      if (bytes.length - pos < escaped.length + end - at) {
        this.#grow((end - at) * 2 + escaped.length)
        bytes = this.#bytes
        pos = this.#pos
      }
      for (let index = 0; index < escaped.length; index++) bytes[pos++] = escaped[index] as number
    }
    bytes[pos++] = QUOTE
    this.#pos = pos
  }

  /** Bytes as a string in base64. */
  base64(from: Buffer, start: number, end: number): void {
    const length = Math.ceil((end - start) / 3) * 4 + 2
    if (this.#bytes.length - this.#pos < length) this.#grow(length)
    const bytes = this.#bytes
    bytes[this.#pos++] = QUOTE
    this.#pos = encodeBase64(from, start, end, bytes, this.#pos)
    bytes[this.#pos++] = QUOTE
  }

  #reserveNumber(): void {
    if (this.#bytes.length - this.#pos < NUMBER_SIZE) this.#grow(NUMBER_SIZE)
  }

  #digits64(low: number, high: number): void {
    if (high < 0x20_0000) {
      this.#digits(high * 2 ** 32 + low) // below 2^53
      return
    }
    this.#digits(upperDigits(low, high))
    this.#paddedDigits(lowerDigits(low, high), 6)
  }

  /** A non-negative integer up to 2^53. */
  #digits(value: number): void {
    if (value < 10) {
      this.#bytes[this.#pos++] = ZERO + value
    } else if (value < 1e9) {
      let length = 2
      for (let power = 100; value >= power; power *= 10) length++
      this.#paddedDigits(value, length)
    } else {
      const upper = Math.floor(value / 1e9)
      this.#digits(upper)
      this.#paddedDigits(value - upper * 1e9, 9)
    }
  }

  /** The last `length` digits of an integer below 2^31. */
  #paddedDigits(value: number, length: number): void {
    const bytes = this.#bytes
    const pos = this.#pos
    let rest = value | 0
    for (let at = pos + length - 1; at >= pos; at--) {
      const quotient = (rest / 10) | 0
      bytes[at] = ZERO + rest - quotient * 10
      rest = quotient
    }
    this.#pos = pos + length
  }

  #grow(needed: number): void {
    this.#move(Math.max(SLAB_SIZE, (this.length + needed) * 2))
  }

  /** Moves the current text into a new slab. */
  #move(size: number): void {
    const { length } = this
    const { bytes, view } = this.slabs.next(size)
    this.#bytes.copy(bytes, 0, this.#start, this.#pos)
    this.#bytes = bytes
    this.#view = view
    this.#start = 0
    this.#pos = length
  }
}
