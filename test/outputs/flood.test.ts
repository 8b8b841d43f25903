import { test } from 'node:test'
import { openKafka } from '../../src/outputs/kafka.js'
import { openPostgres } from '../../src/outputs/postgres.js'
import { until } from '../helpers/clock.js'
import { fakeContext } from '../helpers/export-fakes.js'
import { startTcpServer } from '../helpers/tcp-server.js'

/** Twice what is taken. */
const FLOOD = Buffer.alloc(32 * 1024 * 1024, 'x')
/** A length that no memory holds. */
const LENGTH = Buffer.from([0x7f, 0xff, 0xff, 0xff])

/** How each answer begins. */
const OUTPUTS = {
  postgres: { open: openPostgres, place: '/net', start: [Buffer.from('E'), LENGTH] },
  kafka: { open: openKafka, place: '/aruba', start: [LENGTH] },
}

for (const [name, { open, place, start }] of Object.entries(OUTPUTS)) {
  test(`${name} cuts a server whose answer has no end`, async (t) => {
    let cut = 0
    const { authority } = await startTcpServer(t, (socket) => {
      socket.on('close', () => cut++)
      socket.write(Buffer.concat([...start, FLOOD]))
    })
    const context = fakeContext({ env: { PGSSLMODE: 'disable' } })
    const output = await open(`${name}://${authority}${place}`, context)
    await until(
      () => context.logged.some(({ message }) => /far more came than/.test(message)),
      () => JSON.stringify(context.logged),
    )
    await until(() => cut > 0)
    await output.close()
  })
}
