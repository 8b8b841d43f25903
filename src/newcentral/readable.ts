import { isIPv4, isIPv6 } from 'node:net'
import type { ScalarChoice } from '../decode/plan.js'
import { ipv6Text } from '../decode/readable.js'
import { SCALARS, type Scalar } from '../decode/scalars.js'
import type { WireReader } from '../decode/wire-reader.js'
import { plainName } from '../schema/message-type.js'

/** Fields of type `string` that hold a MAC address, by their plain names. */
const MAC_FIELDS = new Set([
  'apmac',
  'assocbssid',
  'bssid',
  'clientmac',
  'devicemac',
  'localmac',
  'macaddr',
  'macaddress',
  'peermac',
  'portmacaddress',
  'radiomac',
  'radiomacaddress',
  'stackmac',
  'staethmac',
])

/** Fields of type `string` that hold an IP address, by their plain names. */
const IP_FIELDS = new Set([
  'apip',
  'defaultgateway',
  'dstip',
  'ip',
  'ipaddress',
  'ipv4',
  'ipv6',
  'ipv61',
  'ipv62',
  'ipv63',
  'ipv6ll',
  'keepalivepeerip',
  'keepalivesrcip',
  'peerip',
  'privateipaddress',
  'probeipaddr',
  'publicip',
  'publicipaddress',
  'srcip',
  'vpncipaddr',
])

/**
 * What `--readable` changes: MAC addresses as `aa:bb:cc:dd:ee:ff` and IP addresses in their canonical form,
 * whatever their spelling. Text that is none stays as it is.
 */
export const readableText: ScalarChoice = (_message, field, type) => {
  const toText = type === 'string' ? readableEvent(field) : undefined
  if (toText === undefined) return undefined
  return toText === macText ? MAC : IP
}

/** How the text of a field reads; undefined for a field that holds no address. */
export function readableEvent(field: string): ((text: string) => string | undefined) | undefined {
  const name = plainName(field)
  if (MAC_FIELDS.has(name)) return macText
  return IP_FIELDS.has(name) ? ipText : undefined
}

const COLON = 0x3a

// Most addresses come as they are to be, which their bytes tell sooner than their text.
const MAC = scalarFor(macText, (bytes, start, end) => {
  if (end - start !== 17) return false
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    const isDigit = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)
    if ((at - start) % 3 === 2 ? byte !== COLON : !isDigit) return false
  }
  return true
})
// An IPv4 address has one form only.
const IP = scalarFor(ipText, (bytes, start, end) => {
  for (let at = start; at < end; at++) if (bytes[at] === COLON) return false
  return true
})

/** Longer text is no address. */
const MAX_LENGTH = 64

/** @param stays whether bytes are certain to stay as they are */
function scalarFor(
  toText: (text: string) => string | undefined,
  stays: (bytes: Buffer, start: number, end: number) => boolean,
): Scalar {
  const plain = SCALARS.string as Scalar
  const readText = (wire: WireReader): string | undefined => {
    const { bytes, pos: start } = wire
    const from = wire.take()
    const text =
      wire.pos - from > MAX_LENGTH || stays(bytes, from, wire.pos)
        ? undefined
        : toText(bytes.toString('latin1', from, wire.pos))
    if (text === undefined) wire.pos = start
    return text
  }
  return {
    ...plain,
    read: (wire) => readText(wire) ?? plain.read(wire),
    write(wire, out) {
      const text = readText(wire)
      if (text === undefined) plain.write(wire, out)
      else out.ascii(`"${text}"`)
    },
  }
}

/** Twelve hex digits: in pairs with one kind of separator, also without leading zeros; in groups of 4 or 6; or in a row. */
const MAC_FORM =
  /^(?:[\da-f]{12}|[\da-f]{1,2}([:\-. ])(?:[\da-f]{1,2}\1){4}[\da-f]{1,2}|[\da-f]{4}([.:-])[\da-f]{4}\2[\da-f]{4}|[\da-f]{6}[:-][\da-f]{6})$/

/** A MAC address of any spelling; undefined for other text. */
export function macText(text: string): string | undefined {
  const lower = text.toLowerCase()
  if (!MAC_FORM.test(lower)) return undefined
  const parts = lower.split(/[^\da-f]/)
  const hex = parts.length === 6 ? parts.map((part) => part.padStart(2, '0')) : parts
  return hex.join('').replace(/..(?=.)/g, '$&:')
}

/**
 * An IP address as RFC 5952 has it, with the zone or the length of the prefix behind it, if any; undefined
 * for other text.
 */
export function ipText(text: string): string | undefined {
  if (isIPv4(text)) return text
  const [, address = '', rest = ''] = /^([\da-fA-F:.]+)(%[\w.-]+|\/\d{1,3})?$/.exec(text) ?? []
  return isIPv6(address) ? ipv6Text(ipv6Bytes(address)) + rest : undefined
}

function ipv6Bytes(address: string): Buffer {
  // The last 32 bits may be written as an IPv4 address.
  const hex = address.replace(/[\d.]*\.\d+$/, (quad) =>
    Buffer.from(quad.split('.').map(Number)).toString('hex').replace(/^.{4}/, '$&:'),
  )
  const [before = '', after] = hex.split('::')
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':'))
  const start = groupsOf(before)
  const end = groupsOf(after ?? '')
  const zeros = Array<string>(8 - start.length - end.length).fill('0')
  const bytes = Buffer.alloc(16)
  for (const [index, group] of [...start, ...zeros, ...end].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2)
  }
  return bytes
}
