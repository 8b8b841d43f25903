import { SEED } from './settings.js'

/**
 * Chance that is the same in every run with the same `ARUBA_STREAM_TEST_SEED`: numbers from 0 (included) to 1
 * (excluded).
 * @param stream two streams of chance have nothing in common
 */
export function seededRandom(stream = 0): () => number {
  let state = (stream + Math.imul(SEED - 1, 0x9e3779b1)) >>> 0
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
