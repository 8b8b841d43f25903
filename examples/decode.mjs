// node decode.mjs frames.ndjson
import { readFileSync } from 'node:fs'
import { decode } from 'aruba-stream'

// Where its reader ends, such as `head`, this program ends, too.
process.stdout.on('error', ({ code }) => process.exit(code === 'EPIPE' ? 0 : 1))

for (const line of readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
  try {
    const { customer, topic, frame, text } = JSON.parse(line)
    if (text) continue // A text frame holds no record.
    const record = decode(Buffer.from(frame, 'base64'), { topic, customer, readable: true })
    const fields = Object.keys(record.data).length
    process.stdout.write(`${record.customer} ${record.topic} ${fields} fields\n`)
  } catch ({ message }) {
    process.stderr.write(`${message}\n`) // A dead letter has frames that cannot be decoded.
  }
}
