// ROGUE_WEBHOOK=https://… aruba-stream … --readable --export_data json --transform ./rogues.mjs
// Rogue alarms also go to a webhook. All records go on.
export default async function transform(record, { customer }) {
  for (const { rogue_id, ssid, last_det_device } of record.data.rogue ?? []) {
    const text = `${customer}: rogue ${rogue_id?.addr} "${ssid}", seen by ${last_det_device}`
    const answer = await fetch(process.env.ROGUE_WEBHOOK, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ text }),
      signal: AbortSignal.timeout(10_000),
    })
    if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`)
  }
  return record
}
