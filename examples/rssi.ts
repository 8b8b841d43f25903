import type { ExportFunction } from 'aruba-stream'

const exportData: ExportFunction = async (message, { customer }) => {
  if (message.topic !== 'presence') return
  for (const { sta_eth_mac, rssi_val } of message.data.pa_rssi_event?.rssi ?? []) {
    process.stderr.write(`${customer} ${sta_eth_mac?.addr} ${rssi_val} dBm\n`)
  }
}
export default exportData
