import type { ExportFunction } from 'aruba-stream'

const exportData: ExportFunction = async (message, { customer }) => {
  if (message.topic !== 'presence') return
  const { pa_rssi_event, pa_proximity_event } = message.data
  const heard = [...(pa_rssi_event?.rssi ?? []), ...(pa_proximity_event?.proximity ?? [])]
  for (const { sta_eth_mac, rssi_val } of heard) {
    process.stderr.write(`${customer} ${sta_eth_mac?.addr} ${rssi_val} dBm\n`)
  }
}
export default exportData
