/** The bytes as text, or undefined where they are not what the field usually holds. */
export type ReadableForm = (bytes: Buffer) => string | undefined

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const BY_MESSAGE: Readonly<Record<string, ReadableForm>> = {
  mac_address: macText,
  MacAddress: macText,
  ip_address: ipText,
  IpAddress: ipText,
}

const TEXT_FIELDS: ReadonlySet<string> = new Set([
  'essid',
  'network',
  'dest_url_prefix',
  'geofence_id',
])

/**
 * How a field of type `bytes` reads as text: MAC and IP addresses, and names of networks and the like.
 * Decided by the names of the message (without package) and the field; undefined for any other.
 */
export function readableForm(message: string, field: string): ReadableForm | undefined {
  if (field === 'addr' && Object.hasOwn(BY_MESSAGE, message)) return BY_MESSAGE[message]
  return TEXT_FIELDS.has(field) ? utf8Text : undefined
}

/** Six raw bytes, or the 12 hex digits in ASCII that `presence` sends. */
function macText(bytes: Buffer): string | undefined {
  let hex = ''
  if (bytes.length === 6) hex = bytes.toString('hex')
  else if (bytes.length === 12) hex = bytes.toString('latin1')
  if (!/^[\da-f]{12}$/i.test(hex)) return undefined
  return hex.toLowerCase().replace(/..(?=.)/g, '$&:')
}

/** Told apart by length: the numbers of `addr_family` differ between topics. */
function ipText(bytes: Buffer): string | undefined {
  if (bytes.length === 4) return bytes.join('.')
  return bytes.length === 16 ? ipv6Text(bytes) : undefined
}

/** RFC 5952: lower case, no leading zeros, the first longest run of zero groups as `::`. */
function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2))
  let run = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > run.length) run = { start, length }
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  // An IPv4 address in IPv6 clothes is written as such (section 5).
  if (run.start === 0 && run.length === 5 && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(12).join('.')}`
  }
  if (run.length === 1) return hex(groups)
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`
}

function utf8Text(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes)
  } catch {
    return undefined
  }
}
