import { isUtf8 } from 'node:buffer'
import type { ScalarChoice } from './plan.js'
import { SCALARS, type Scalar } from './scalars.js'
import type { WireReader } from './wire-reader.js'

/** The bytes as text, or undefined where they are not what the field usually holds. */
type ReadableForm = (bytes: Buffer) => string | undefined

const ADDRESSES: ReadonlyMap<string, ReadableForm> = new Map([
  ['mac_address', macText],
  ['MacAddress', macText],
  ['ip_address', ipText],
  ['IpAddress', ipText],
])

/** Two digits for each byte. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
/** The value of a hex digit in ASCII, or 16. */
const DIGIT = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(value) ? 16 : value
})

const TEXT_FIELDS = new Set(['essid', 'network', 'dest_url_prefix', 'geofence_id'])

/**
 * How a field of type `bytes` reads as text: MAC and IP addresses, and names of networks and the like.
 * Decided by the names of the message (without package) and the field; undefined for any other.
 */
export function readableForm(message: string, field: string): ReadableForm | undefined {
  const address = field === 'addr' ? ADDRESSES.get(message) : undefined
  return address ?? (TEXT_FIELDS.has(field) ? utf8Text : undefined)
}

/**
 * What `--readable` changes: addresses and names in `bytes` fields as text. Bytes that do not fit stay
 * base64.
 */
export const readableScalar: ScalarChoice = (message, field, type) => {
  const form = type === 'bytes' ? readableForm(message, field) : undefined
  return form && scalarFor(form)
}

function scalarFor(toText: ReadableForm): Scalar {
  const base64 = SCALARS.bytes as Scalar
  const readText = (wire: WireReader): string | undefined => {
    const start = wire.pos
    const text = toText(wire.bytes.subarray(wire.take(), wire.pos))
    if (text === undefined) wire.pos = start
    return text
  }
  return {
    ...base64,
    read: (wire) => readText(wire) ?? base64.read(wire),
    write(wire, out) {
      const text = readText(wire)
      if (text === undefined) base64.write(wire, out)
      // Addresses need no escapes.
      else if (toText === utf8Text) out.text(text)
      else out.ascii(`"${text}"`)
    },
  }
}

/** Six raw bytes, or the 12 hex digits in ASCII that `presence` sends. */
function macText(bytes: Buffer): string | undefined {
  const { length } = bytes
  if (length !== 6 && length !== 12) return undefined
  let text = ''
  for (let at = 0; at < length; at += length / 6) {
    let byte = bytes[at] as number
    if (length === 12) {
      const upper = DIGIT[byte] as number
      const lower = DIGIT[bytes[at + 1] as number] as number
      if (upper === 16 || lower === 16) return undefined
      byte = upper * 16 + lower
    }
    text += at === 0 ? HEX[byte] : `:${HEX[byte]}`
  }
  return text
}

/** Decided by length: topics use different numbers for `addr_family`. */
function ipText(bytes: Buffer): string | undefined {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
  return bytes.length === 16 ? ipv6Text(bytes) : undefined
}

/** RFC 5952: lower case, no leading zeros, the first longest run of zero groups as `::`. */
export function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2))
  let run = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > run.length) run = { start, length }
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  // An IPv4-mapped address is written with the IPv4 address (RFC 5952, section 5).
  if (run.start === 0 && run.length === 5 && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(12).join('.')}`
  }
  if (run.length === 1) return hex(groups)
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`
}

function utf8Text(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined
}
