import type { JsonWriter } from './json-writer.js'
import { int64Text, lowerDigits, upperDigits } from './numbers.js'

/** The seconds of the years 1 to 9999, which RFC 3339 can show. */
const FIRST_SECOND = -62_135_596_800
const LAST_SECOND = 253_402_300_799

/** Ten thousand years, the most that a Duration may have. */
const MAX_DURATION = 315_576_000_000

const SECONDS_A_DAY = 86_400

const QUOTE = 0x22
const DASH = 0x2d
const DOT = 0x2e
const COLON = 0x3a
const T = 0x54
const Z = 0x5a

/**
 * A time as RFC 3339, in UTC, with 0, 3, 6 or 9 decimals.
 * @param seconds since the epoch
 * @returns undefined for a time that RFC 3339 cannot show
 */
export function timeText(seconds: number, nanos: number): string | undefined {
  if (!isTime(seconds, nanos)) return undefined
  const days = Math.floor(seconds / SECONDS_A_DAY)
  const date = dateOf(days)
  const time = timeOf((seconds - days * SECONDS_A_DAY) | 0)
  // Five times as fast as `toISOString`.
  const text = String.fromCharCode(
    digit(date, 10_000_000),
    digit(date, 1_000_000),
    digit(date, 100_000),
    digit(date, 10_000),
    DASH,
    digit(date, 1000),
    digit(date, 100),
    DASH,
    digit(date, 10),
    digit(date, 1),
    T,
    digit(time, 100_000),
    digit(time, 10_000),
    COLON,
    digit(time, 1000),
    digit(time, 100),
    COLON,
    digit(time, 10),
    digit(time, 1),
    Z,
  )
  return nanos === 0 ? text : `${text.slice(0, -1)}${decimals(nanos)}Z`
}

/** Writes the same in quotes; returns false for a time that RFC 3339 cannot show. */
export function writeTime(out: JsonWriter, seconds: number, nanos: number): boolean {
  if (!isTime(seconds, nanos)) return false
  const days = Math.floor(seconds / SECONDS_A_DAY)
  const date = dateOf(days)
  const time = timeOf((seconds - days * SECONDS_A_DAY) | 0)
  out.byte(QUOTE)
  out.padded((date / 10_000) | 0, 4)
  out.byte(DASH)
  out.padded(((date / 100) | 0) % 100, 2)
  out.byte(DASH)
  out.padded(date % 100, 2)
  out.byte(T)
  out.padded((time / 10_000) | 0, 2)
  out.byte(COLON)
  out.padded(((time / 100) | 0) % 100, 2)
  out.byte(COLON)
  out.padded(time % 100, 2)
  if (nanos > 0) {
    out.byte(DOT)
    if (nanos % 1000 !== 0) out.padded(nanos, 9)
    else if (nanos % 1_000_000 !== 0) out.padded(nanos / 1000, 6)
    else out.padded(nanos / 1_000_000, 3)
  }
  out.byte(Z)
  out.byte(QUOTE)
  return true
}

/** The date of a day since the epoch, as a number: 20261231. */
function dateOf(days: number): number {
  // Years that begin in March have their odd day at the end; 719,468 days lie before 1970 in such years.
  const day = days + 719_468
  const era = Math.floor(day / 146_097) | 0
  const dayOfEra = (day - era * 146_097) | 0
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) /
      365) |
    0
  const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0))
  const marchMonth = ((5 * dayOfYear + 2) / 153) | 0
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return year * 10_000 + month * 100 + dayOfYear - (((153 * marchMonth + 2) / 5) | 0) + 1
}

/** The time of a second of the day, as a number: 235959. */
function timeOf(second: number): number {
  const minute = (second / 60) | 0
  const hour = (minute / 60) | 0
  return hour * 10_000 + (minute - hour * 60) * 100 + second - minute * 60
}

/** The code of one digit of a number: that of a power of ten. */
function digit(value: number, power: number): number {
  return 0x30 + (((value / power) | 0) % 10)
}

/** A time as RFC 3339, from nanoseconds since the epoch in two halves. */
export function nanosTimeText(low: number, high: number, signed: boolean): string | undefined {
  const { seconds, nanos } = splitNanos(low, high, signed)
  return timeText(seconds, nanos)
}

/** Writes the same in quotes; returns false for a time that RFC 3339 cannot show. */
export function writeNanosTime(
  out: JsonWriter,
  low: number,
  high: number,
  signed: boolean,
): boolean {
  const { seconds, nanos } = splitNanos(low, high, signed)
  return writeTime(out, seconds, nanos)
}

function splitNanos(
  low: number,
  high: number,
  signed: boolean,
): { seconds: number; nanos: number } {
  if (signed && high < 0) {
    const value = (BigInt(high) << 32n) + BigInt(low >>> 0)
    const nanos = Number(((value % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)
    return { seconds: Number((value - BigInt(nanos)) / 1_000_000_000n), nanos }
  }
  const millis = upperDigits(low >>> 0, high >>> 0)
  const seconds = Math.floor(millis / 1000)
  return {
    seconds,
    nanos: (millis - seconds * 1000) * 1_000_000 + lowerDigits(low >>> 0, high >>> 0),
  }
}

/**
 * A Duration as JSON has it: seconds with 0, 3, 6 or 9 decimals.
 * @returns undefined for one that is too long, or whose parts have different signs
 */
export function durationText(seconds: number, nanos: number): string | undefined {
  const size = Math.abs(nanos)
  if (!(Math.abs(seconds) <= MAX_DURATION && isNanos(size)) || seconds * nanos < 0) return undefined
  const sign = seconds < 0 || nanos < 0 ? '-' : ''
  return `${sign}${Math.abs(seconds)}${decimals(size)}s`
}

/**
 * Seconds and nanoseconds as one decimal number of nanoseconds.
 * @param low lower 32 bits of the seconds
 * @param high their upper 32 bits, signed
 */
export function nanosText(low: number, high: number, nanos: number): string {
  const seconds = high * 2 ** 32 + (low >>> 0)
  if (areDigits(seconds, nanos)) return String(seconds) + nineDigits(nanos)
  return String(BigInt(int64Text(low, high, true)) * 1_000_000_000n + BigInt(nanos))
}

/** Writes the same in quotes. */
export function writeNanos(out: JsonWriter, low: number, high: number, nanos: number): void {
  const seconds = high * 2 ** 32 + (low >>> 0)
  if (!areDigits(seconds, nanos)) {
    out.ascii(`"${nanosText(low, high, nanos)}"`)
    return
  }
  out.byte(QUOTE)
  out.number(seconds)
  out.padded(nanos, 9)
  out.byte(QUOTE)
}

/** Whether the digits of the nanoseconds follow those of the seconds. */
function areDigits(seconds: number, nanos: number): boolean {
  return isNanos(nanos) && seconds > 0 && Number.isSafeInteger(seconds)
}

function isTime(seconds: number, nanos: number): boolean {
  return seconds >= FIRST_SECOND && seconds <= LAST_SECOND && isNanos(nanos)
}

function isNanos(nanos: number): boolean {
  return nanos >= 0 && nanos <= 999_999_999
}

function decimals(nanos: number): string {
  if (nanos === 0) return ''
  const digits = nineDigits(nanos)
  if (!digits.endsWith('000')) return `.${digits}`
  return `.${digits.slice(0, digits.endsWith('000000') ? 3 : 6)}`
}

function nineDigits(nanos: number): string {
  return String(nanos + 1_000_000_000).slice(1)
}
