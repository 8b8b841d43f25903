// aruba-stream … --export_data './post.mjs?url=http://127.0.0.1:9000/in'
export function open({ options }) {
  if (!URL.canParse(options.url)) throw new Error('expected a URL, as in ./post.mjs?url=http://…')
}

/** @type {import('aruba-stream').ExportBatchFunction} */
export async function exportBatch(records, { signal, options }) {
  const request = { method: 'POST', body: JSON.stringify(records), signal }
  const answer = await fetch(options.url, request).catch(({ message, cause }) => {
    throw Object.assign(new Error(cause?.message || message), { retry: true })
  })
  if (answer.ok) return
  const why = `the server answered ${answer.status}`
  throw Object.assign(new Error(why), { retry: answer.status >= 500 })
}
