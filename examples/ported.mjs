export default async function exportData(message, { topic }) {
  await save(topic, message.data)
}

async function save(topic, data) {
  process.stderr.write(`${topic}: ${Object.keys(data).length} fields\n`)
}
