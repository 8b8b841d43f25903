import { createHmac, randomBytes } from 'node:crypto'

const known = new Set<string>()

type KeyClaims = {
  /** 32 hex digits; default made up. */
  readonly customerId?: string
  /** Seconds since the epoch. */
  readonly creationDate?: number
}

/**
 * A key as Central gives them out, a JWT signed with HS256, never the same twice. Every key made
 * here is looked for in the output of every program that the tests run.
 */
export function makeKey(label: string, claims: KeyClaims = {}): string {
  const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = [
    segment({ alg: 'HS256', typ: 'JWT' }),
    segment({
      label,
      nonce: randomBytes(8).toString('hex'),
      customer_id: claims.customerId ?? randomBytes(16).toString('hex'),
      creation_date: claims.creationDate ?? 1_700_000_000,
    }),
  ].join('.')
  const signature = createHmac('sha256', randomBytes(32)).update(signed).digest('base64url')
  return registerKey(`${signed}.${signature}`)
}

/** Has a key that was not made by `makeKey` looked for, too. */
export function registerKey(key: string): string {
  known.add(key)
  return key
}

/** What of the known keys occurs in a text, in any form in which it could be read; for a message. */
export function leaksIn(text: string): string[] {
  const haystack = Buffer.from(text)
  const leaks = new Set<string>()
  const byHash = new Map<number, { key: string; trace: Buffer }[]>()
  /** Tells most bytes at once that no trace begins there. */
  const occurs = new Uint8Array(SLOTS)
  for (const key of known) {
    for (const trace of traces(key)) {
      if (trace.length < WINDOW) {
        if (haystack.includes(trace)) leaks.add(leakOf(key))
        continue
      }
      const hash = hashOf(trace)
      occurs[slotOf(hash)] = 1
      byHash.set(hash, [...(byHash.get(hash) ?? []), { key, trace }])
    }
  }
  // One pass for all keys: a search a key would take minutes where both are many.
  let hash = hashOf(haystack)
  for (let end = WINDOW; end <= haystack.length; end += 1) {
    const start = end - WINDOW
    if (occurs[slotOf(hash)] === 1) {
      for (const { key, trace } of byHash.get(hash) ?? []) {
        if (trace.equals(haystack.subarray(start, start + trace.length))) leaks.add(leakOf(key))
      }
    }
    hash = Math.imul(hash - Math.imul(haystack[start] ?? 0, OLDEST), BASE) + (haystack[end] ?? 0)
    hash |= 0
  }
  return [...leaks]
}

/** Bytes that the rolling hash covers: enough to make chance hits rare. */
const WINDOW = 16
const BASE = 0x01000193
const OLDEST = powerOfBase(WINDOW - 1)

const SLOTS = 1 << 16
const slotOf = (hash: number) => (hash ^ (hash >>> 16)) & (SLOTS - 1)

function powerOfBase(exponent: number): number {
  let power = 1
  for (let count = 0; count < exponent; count += 1) power = Math.imul(power, BASE)
  return power
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0
  for (const byte of bytes.subarray(0, WINDOW)) hash = (Math.imul(hash, BASE) + byte) | 0
  return hash
}

function leakOf(key: string): string {
  return `a key, or a part of one, that ends in ${JSON.stringify(key.slice(-6))}`
}

function traces(key: string): Buffer[] {
  // The first segment is the same in every JWT and gives nothing away.
  const segments = key.split('.').slice(1)
  const parts = [key, ...segments.filter((segment) => segment.length >= 16)]
  const forms = parts.flatMap((part) => [
    part,
    JSON.stringify(part).slice(1, -1),
    encodeURIComponent(part),
    Buffer.from(part).toString('hex'),
    ...base64Forms(part),
  ])
  return [...new Set(forms)].filter(Boolean).map((form) => Buffer.from(form))
}

/** How base64 shows a part wherever it begins in a longer text: what its neighbours shape is cut off. */
function base64Forms(part: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(part)])
    const whole = Math.floor(bytes.length / 3) * 3
    const text = bytes.subarray(before === 0 ? 0 : 3, whole)
    return [text.toString('base64'), text.toString('base64url')]
  })
}
