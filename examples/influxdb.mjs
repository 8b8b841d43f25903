// Writes the signal of wireless clients (monitoring) to InfluxDB, as line protocol. Needs --readable.
//   aruba-stream … --readable --export_data './influxdb.mjs?url=http://localhost:8086&db=aruba'
const escaped = (text) => String(text).replaceAll(/[ ,=\\]/g, '\\$&')
let address

export function open({ options }) {
  const { url = 'http://localhost:8086', db = 'aruba' } = options
  address = new URL(`/write?db=${encodeURIComponent(db)}&precision=ns`, url)
}

export async function exportBatch(records, { signal }) {
  const body = records.flatMap(linesOf).join('\n')
  if (body === '') return
  // For InfluxDB 2, in the environment: a command line can be read by others.
  const token = process.env.INFLUX_TOKEN
  const headers = token ? { Authorization: `Token ${token}` } : {}
  const answer = await fetch(address, { method: 'POST', headers, body, signal }).catch((error) => {
    throw Object.assign(error, { retry: true })
  })
  if (answer.ok) return
  const error = new Error(`InfluxDB answered ${answer.status}: ${await answer.text()}`)
  // A 400 is a point that it does not take. Everything else can be fixed there.
  error.retry = answer.status !== 400
  throw error
}

function linesOf({ customer, topic, timestamp, data }) {
  // Other topics write nothing. client_stats of clients-events is no list.
  if (topic !== 'monitoring') return []
  return (data.client_stats ?? []).flatMap(({ device_id, macaddr, signal_in_db, speed }) => {
    const fields = [
      signal_in_db === undefined ? '' : `signal_db=${signal_in_db}i`,
      speed === undefined ? '' : `speed=${speed}i`,
    ].filter(Boolean)
    if (fields.length === 0 || !macaddr?.addr) return []
    const tags = `customer=${escaped(customer)},ap=${escaped(device_id || '-')},mac=${escaped(macaddr.addr)}`
    return `client,${tags} ${fields} ${timestamp}`
  })
}
