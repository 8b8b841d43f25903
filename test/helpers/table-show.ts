/**
 * The live table on a real terminal, moved on by each key: entries connect, one breaks, one is
 * refused, a log line comes, the lost one comes back, the end.
 */
import { TOPICS } from '../../src/classic/topics.js'
import { StreamError } from '../../src/errors.js'
import { createLogger } from '../../src/log.js'
import { createTable } from '../../src/report/table.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf } from './snapshot.js'

const { stdin, stderr } = process
const connecting = { ...PROGRESS, type: 'connecting', attempt: 1 } as const
const lost = {
  ...PROGRESS,
  type: 'retrying',
  since: NOW,
  attempt: 1,
  delayMs: 1000,
  cause: new StreamError('connection-lost', 'gone'),
} as const
const refused = {
  ...PROGRESS,
  type: 'refused',
  at: NOW,
  cause: new StreamError('topic-unsubscribed', 'tick it'),
} as const

const clusters = ['eu.example', 'us.example', 'ap.example']
/** As an argument: so many subscriptions on three clusters. */
const many = Number(process.argv[2] ?? 0)
const few = ['CustomerA_monitoring', '客户 📶 presence', 'B']
let entries =
  many > 0
    ? Array.from({ length: many }, (_, at) => {
        const host = clusters[Math.floor(at / 6) % 3] ?? ''
        const topic = TOPICS[at % 6] ?? 'audit'
        return entry(`Customer${Math.floor(at / 6) + 1}`, { topic, label: `C${at}`, host })
      })
    : few.map((name) => entry(name, { status: connecting }))
const set = (at: number, over: Partial<(typeof entries)[number]>) => {
  entries = entries.map((one, index) => (index === at ? { ...one, ...over } : one))
}
const table = createTable({
  write: (text) => stderr.write(text),
  columns: () => stderr.columns,
  rows: () => stderr.rows,
  colour: true,
  snapshot: () => snapshotOf(entries),
})
const log = createLogger({ write: table.log, colour: true, now: () => NOW })

const troubled = () => entries.filter(({ status }) => status.type !== 'open')
const outage = [
  () => {
    for (const [at, { host }] of entries.entries())
      if (host === 'us.example') set(at, { status: lost })
  },
]
const steps =
  many > 0
    ? outage
    : [
        () => set(0, { status: { ...OPEN, lastFrameAt: NOW, frameAgeMs: 0 }, messages: 41 }),
        () => set(1, { status: OPEN }),
        () => {
          set(1, { status: lost })
          log.warn('closed it \x1b[2J\n', { entry: '客户 📶 presence' })
        },
        () => set(2, { status: refused }),
        () => set(1, { status: { ...OPEN, reconnects: 1 }, messages: 7 }),
      ]
stderr.on('resize', table.redraw)
// Before anything is shown: a key that comes sooner would be echoed into the table.
stdin.setRawMode(true)
table.redraw()
stdin.on('data', () => {
  const step = steps.shift()
  if (step) {
    step()
    table.redraw()
    return
  }
  table.close(troubled())
  stderr.write('the end\n')
  stdin.pause()
})
