// aruba-stream … --decode_data --transform ./associated.mjs
// Of presence: associated clients alone. Other topics stay as they are.
export default function transform(record) {
  if (record.topic !== 'presence') return record
  const proximity = record.data.pa_proximity_event?.proximity?.filter((each) => each.associated)
  const rssi = record.data.pa_rssi_event?.rssi?.filter((each) => each.associated)
  if (!proximity?.length && !rssi?.length) return undefined
  const data = { ...record.data }
  if (proximity) data.pa_proximity_event = { proximity }
  if (rssi) data.pa_rssi_event = { rssi }
  return { ...record, data }
}
