// node delay-proxy.mjs PORT DELAY_MS: passes TCP on to PORT of loopback, each direction half of DELAY_MS late.
import { connect, createServer } from 'node:net'

const [port, delayMs] = process.argv.slice(2).map(Number)

/** Timers of Node are no shorter than 1 ms: what is due is looked for at every turn. */
const due = []
function turn() {
  while (due.length > 0 && due[0].at <= performance.now()) due.shift().work()
  if (due.length > 0) setImmediate(turn)
}
function later(work) {
  due.push({ at: performance.now() + delayMs / 2, work })
  if (due.length === 1) setImmediate(turn)
}

function pipe(from, to) {
  from.on('data', (data) => later(() => to.write(data)))
  from.on('error', () => {}).on('close', () => to.destroy())
}

const server = createServer({ noDelay: true }, (socket) => {
  const onward = connect({ port, host: '127.0.0.1', noDelay: true })
  pipe(socket, onward)
  pipe(onward, socket)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
