// aruba-stream … --export_data './post.mjs?url=http://127.0.0.1:9000/in'
/** @type {import('aruba-stream').ExportBatchFunction} */
export async function exportBatch(records, { signal, options }) {
  const request = { method: 'POST', body: JSON.stringify(records), signal }
  const answer = await fetch(options.url, request).catch(() => undefined)
  if (answer?.ok) return
  const why = `the server answered ${answer?.status ?? 'nothing'}`
  throw Object.assign(new Error(why), { retry: !answer || answer.status >= 500 })
}
