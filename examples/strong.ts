import type { TransformFunction } from 'aruba-stream'

const transform: TransformFunction = (record) => {
  if (record.topic !== 'presence') return record
  // The rest of presence, such as pa_proximity_event, does not go on.
  const strong = record.data.pa_rssi_event?.rssi?.filter(({ rssi_val = -100 }) => rssi_val > -70)
  return strong?.length ? { ...record, data: { pa_rssi_event: { rssi: strong } } } : undefined
}
export default transform
