// node decode.mjs frames.ndjson
import { readFileSync } from 'node:fs'
import { createDecoder, loadSchema } from 'aruba-stream'

for (const line of readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
  const { customer, topic, frame } = JSON.parse(line)
  const decoder = createDecoder({ customer, schema: loadSchema(topic), readable: true })
  const bytes = Buffer.from(frame, 'base64')
  const { record } = decoder.decode({ bytes, text: false, receivedAt: Date.now() }, 'record')
  const fields = Object.keys(record.data).length
  process.stdout.write(`${record.customer} ${record.topic} ${fields} fields\n`)
}
