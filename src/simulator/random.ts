/** Repeatable random numbers. */
export type Random = {
  /** From 0 up to, but not including, 1. */
  next(): number
  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number
  pick<T>(choices: readonly T[]): T
  /** True with this probability. */
  chance(probability: number): boolean
  bytes(count: number): Uint8Array
}

/** The same seed gives the same numbers on every machine (a 32-bit LCG with its bits mixed). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    let bits = state ^ (state >>> 16)
    bits = Math.imul(bits, 0x85eb_ca6b)
    bits ^= bits >>> 13
    bits = Math.imul(bits, 0xc2b2_ae35)
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
  }
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    integer,
    pick(choices) {
      const choice = choices[integer(0, choices.length - 1)]
      if (choice === undefined) throw new RangeError('nothing to pick from')
      return choice
    },
    chance: (probability) => next() < probability,
    bytes: (count) => Uint8Array.from({ length: count }, () => integer(0, 255)),
  }
}

/** A seed from a text, the same on every machine. */
export function seedOf(text: string): number {
  let hash = 0x811c_9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x0100_0193)
  return hash >>> 0
}
