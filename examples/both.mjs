// CENTRAL=… WSSKEY=… NEW_CENTRAL=… CLIENT_ID=… CLIENT_SECRET=… node both.mjs
import { stream } from 'aruba-stream'

// Where its reader ends, such as `head`, this program ends, too.
process.stdout.on('error', ({ code }) => process.exit(code === 'EPIPE' ? 0 : 1))

const { CENTRAL, WSSKEY, NEW_CENTRAL, CLIENT_ID, CLIENT_SECRET, TOKEN_URL } = process.env
const stopping = new AbortController()
const { signal } = stopping
process.once('SIGTERM', () => stopping.abort())

async function print(records) {
  try {
    for await (const { topic, time } of records) process.stdout.write(`${topic} ${time}\n`)
  } finally {
    stopping.abort() // Where one is refused, the other one ends, too.
  }
}

const classic = { hostname: CENTRAL, wsskey: WSSKEY, topic: 'presence' }
const client = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, token_url: TOKEN_URL }
const newCentral = { hostname: NEW_CENTRAL, ...client, topic: 'rssi-events' }
await Promise.all([
  print(stream({ ...classic, readable: true, signal })),
  print(stream({ ...newCentral, readable: true, signal })),
])
