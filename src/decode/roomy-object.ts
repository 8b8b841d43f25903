import type { JsonObject } from './to-object.js'

/** Creates an object, with 16 fields if they are asked for. */
type Create = new (filled: boolean) => JsonObject

/**
 * An empty object with room for 16 fields. `{}` has room for four: V8 keeps others in an array that it
 * replaces after every three, and from the 18th on all of them in a hash table.
 */
const Roomy = function (this: JsonObject, filled: boolean): void {
  if (!filled) return
  this.a = null
  this.b = null
  this.c = null
  this.d = null
  this.e = null
  this.f = null
  this.g = null
  this.h = null
  this.i = null
  this.j = null
  this.k = null
  this.l = null
  this.m = null
  this.n = null
  this.o = null
  this.p = null
} as unknown as Create

// What it makes are plain objects.
Roomy.prototype = Object.prototype

// V8 leaves as much room as the first objects need.
for (let time = 0; time < 8; time++) new Roomy(true)

/** A message of fewer bytes has few fields, and an object of this many takes memory. */
const MIN_BYTES = 20
const MIN_NAMES = 6

/**
 * An object for a message.
 * @param names how many fields its type has
 * @param bytes how long it is
 */
export function objectFor(names: number, bytes: number): JsonObject {
  return names > MIN_NAMES && bytes > MIN_BYTES ? new Roomy(false) : {}
}
