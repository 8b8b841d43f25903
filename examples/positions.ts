import { type StreamOptions, stream } from 'aruba-stream'

// Where its reader ends, such as `head`, this program ends, too.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) =>
  process.exit(code === 'EPIPE' ? 0 : 1),
)

const { CENTRAL: hostname = '', CLIENT_ID: client_id = '', CLIENT_SECRET = '' } = process.env
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())

const options: StreamOptions<'location-events'> = {
  hostname,
  client_id,
  client_secret: CLIENT_SECRET,
  topic: 'location-events',
  signal: stopping.signal,
  onStatus: ({ type }) => process.stderr.write(`${type}\n`),
  token_url: process.env.TOKEN_URL,
}
for await (const { data } of stream(options)) {
  const { sta_eth_mac, x, y } = data.wifi_client_location ?? {}
  if (sta_eth_mac) process.stdout.write(`${sta_eth_mac} ${x} m, ${y} m\n`)
}
