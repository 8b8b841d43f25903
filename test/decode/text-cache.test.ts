import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TextCache } from '../../src/decode/text-cache.js'
import { seededRandom } from '../helpers/random.js'
import { sized } from '../helpers/settings.js'

const TEXTS = sized(50_000, 2_000_000)

describe('a cache of texts', () => {
  it('gives the text of the bytes, however alike they are and whatever came before', () => {
    const chance = seededRandom()
    const random = (below: number) => Math.floor(chance() * below)
    const cache = new TextCache((bytes, start, end) => bytes.toString('utf8', start, end))
    // Zeros, letters, and bytes that are no UTF-8 by themselves.
    const alphabet = [0, 0x61, 0x62, 0xc3, 0xa9]
    for (let count = 0; count < TEXTS; count++) {
      const bytes = Buffer.alloc(random(20), alphabet[random(2)])
      for (let changes = random(4); bytes.length > 0 && changes > 0; changes--) {
        bytes[random(bytes.length)] = alphabet[random(alphabet.length)] as number
      }
      const start = random(bytes.length + 1)
      const end = start + random(bytes.length - start + 1)
      assert.equal(cache.get(bytes, start, end), bytes.toString('utf8', start, end))
    }
  })

  it('makes the text of the same bytes once', () => {
    let made = 0
    const cache = new TextCache((bytes, start, end) => {
      made++
      return bytes.toString('latin1', start, end)
    })
    const frame = Buffer.from('..ssid-guest..ssid-guest')
    assert.equal(cache.get(frame, 2, 12), 'ssid-guest')
    assert.equal(cache.get(frame, 14, 24), 'ssid-guest')
    assert.equal(made, 1)
  })
})
