// CENTRAL=internal-ui.central.arubanetworks.com WSSKEY=… node watch.mjs
import { StreamError, stream } from 'aruba-stream'

// Where its reader ends, such as `head`, this program ends, too.
process.stdout.on('error', ({ code }) => process.exit(code === 'EPIPE' ? 0 : 1))

const { CENTRAL: hostname, WSSKEY: wsskey } = process.env
try {
  for await (const { data } of stream({ hostname, wsskey, topic: 'presence', readable: true })) {
    const { pa_rssi_event, pa_proximity_event } = data
    const heard = [...(pa_rssi_event?.rssi ?? []), ...(pa_proximity_event?.proximity ?? [])]
    for (const { sta_eth_mac, rssi_val } of heard) {
      process.stdout.write(`${sta_eth_mac?.addr} ${rssi_val} dBm\n`)
    }
  }
} catch (error) {
  if (!(error instanceof StreamError)) throw error
  process.stderr.write(`${error.code}: ${error.message}\n`)
  process.exitCode = error.exitCode
}
