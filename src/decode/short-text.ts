/**
 * Up to this length, making text character by character beats a call out of JavaScript; longer text
 * would be made of parts, which whoever uses it has to join.
 */
export const SHORT_LENGTH = 12

/** Short ASCII bytes as text; undefined where one of them is not ASCII. */
export function shortText(bytes: Buffer, start: number, end: number): string | undefined {
  let text = ''
  let at = start
  for (; at + 4 <= end; at += 4) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number
    if ((a | b | c | d) >= 0x80) return undefined
    text += String.fromCharCode(a, b, c, d)
  }
  for (; at < end; at++) {
    const code = bytes[at] as number
    if (code >= 0x80) return undefined
    text += String.fromCharCode(code)
  }
  return text
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** Two digits of base64 for each value of 12 bits. */
const PAIRS = Array.from({ length: 4096 }, (_, bits) => `${DIGITS[bits >> 6]}${DIGITS[bits & 63]}`)

/** Bytes in base64. */
export function shortBase64(bytes: Buffer, start: number, end: number): string {
  let text = ''
  let at = start
  for (; at + 3 <= end; at += 3) {
    const bits = ((bytes[at] as number) << 16) | bytes.readUInt16BE(at + 1)
    text += (PAIRS[bits >> 12] as string) + (PAIRS[bits & 4095] as string)
  }
  const left = end - at
  if (left === 1) return `${text}${PAIRS[(bytes[at] as number) << 4]}==`
  if (left === 0) return text
  const bits = bytes.readUInt16BE(at)
  return `${text}${PAIRS[bits >> 4]}${DIGITS[(bits << 2) & 63]}=`
}
