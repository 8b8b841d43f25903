// aruba-stream … --export_data ./save.mjs
import { appendFile } from 'node:fs/promises'

export async function open({ log }) {
  log.info('ready to save')
}

export default async function exportData(message, { customer, topic, frame }) {
  await appendFile(`${topic}.txt`, `${customer} ${message.timestamp} ${frame.length} bytes\n`)
}

export async function close() {}
