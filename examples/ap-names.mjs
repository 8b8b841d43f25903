// aruba-stream … --readable --decode_data --transform ./ap-names.mjs
// Client, name of the access point, dBm: one record for each sighting.
const names = new Map()

export default function transform(record, { customer }) {
  if (record.topic === 'monitoring') {
    for (const { serial, name } of record.data.aps ?? []) if (name) names.set(serial, name)
    return undefined
  }
  if (record.topic !== 'presence') return record
  const { pa_proximity_event, pa_rssi_event } = record.data
  return [...(pa_proximity_event?.proximity ?? []), ...(pa_rssi_event?.rssi ?? [])].map(
    ({ sta_eth_mac, device_id, rssi_val }) => ({
      customer,
      topic: 'presence',
      timestamp: record.timestamp,
      time: record.time,
      client: sta_eth_mac?.addr,
      ap: names.get(device_id) ?? device_id,
      dbm: rssi_val,
    }),
  )
}
