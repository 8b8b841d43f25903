// node tcp-receiver.mjs PORT FILE: appends every whole line that comes in over TCP to FILE.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:net'

const [port, file] = process.argv.slice(2)
appendFileSync(file, '\n') // closes off a line that a kill tore
const server = createServer((socket) => {
  let rest = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (data) => {
    const bytes = Buffer.concat([rest, data])
    const end = bytes.lastIndexOf(10) + 1
    appendFileSync(file, bytes.subarray(0, end))
    rest = bytes.subarray(end)
  })
})
server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`)
})
