/** Decodes one frame; writes what came of it, and the highest resident size of the process, as JSON. */
import { createDecoder } from '../src/classic/record.ts'
import { loadSchema } from '../src/classic/schema.ts'

const [form, topic, hex, mib] = process.argv.slice(2)
const part = Buffer.from(hex, 'hex')
const size = Math.floor((Number(mib) * 2 ** 20) / part.length) * part.length
const bytes = Buffer.alloc(size + 6)
// The envelope: field 3 with its length in five bytes.
bytes[0] = 0x1a
for (let at = 0; at < 5; at++) bytes[at + 1] = ((size / 2 ** (7 * at)) & 0x7f) | (at < 4 ? 0x80 : 0)
bytes.subarray(6).fill(part)

const decoder = createDecoder({ customer: 'A', schema: loadSchema(topic) })
let outcome = 'decoded'
try {
  decoder.decode({ bytes, receivedAt: 0, text: false }, form)
} catch (error) {
  outcome = error.code ?? error.message
}
process.stdout.write(JSON.stringify({ outcome, peak: process.resourceUsage().maxRSS * 1024 }))
