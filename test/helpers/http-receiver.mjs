// node http-receiver.mjs PORT FILE: appends every batch to FILE, then answers 204.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'

const [port, file] = process.argv.slice(2)
appendFileSync(file, '\n') // closes off a line that a kill tore
const server = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  appendFileSync(file, gunzipSync(Buffer.concat(chunks)))
  response.writeHead(204).end()
})
server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`)
})
