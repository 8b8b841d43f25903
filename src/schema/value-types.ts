import type { JsonValue } from '../decode/to-object.js'

/** A 64-bit integer in decimal: as a number it could be past 2^53. */
export type Int64Text = string

/** Bytes in base64; with `--readable`, the fields it knows are text. */
export type BytesText = string

/** A `float` or `double`; JSON has no numbers for the three strings. */
export type Float = number | 'NaN' | 'Infinity' | '-Infinity'

/** A time as RFC 3339, in UTC; one outside of the years 1 to 9999 is an object of seconds and nanos. */
export type TimeText = string

/** Any JSON object. */
export type JsonStruct = { [name: string]: JsonValue }
