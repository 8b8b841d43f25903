import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createClassic } from '../../src/classic/classic.js'
import { CLASSIC_ENTRIES } from '../../src/classic/entry.js'
import { InputFile } from '../../src/input/input-file.js'
import { loggerTo } from '../../src/log.js'
import { parseHost } from '../../src/net/host.js'
import type { Outputs } from '../../src/outputs/outputs.js'
import { Collector } from '../../src/pipeline/collector.js'
import { Shutdown } from '../../src/shutdown.js'
import type { Central } from '../../src/simulator/central.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import type { InputEntry } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { entryOf } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

type Messages = Parameters<Outputs['write']>[0]
type Customers = Readonly<Record<string, InputEntry>>

/** Outputs that count the messages of each entry, and hold them while the gate is closed. */
class CountingOutputs implements Outputs {
  readonly list = []
  readonly holds = []
  readonly counters = []
  readonly transform = undefined
  readonly lost = 0
  readonly closeFailed = false
  readonly written = new Map<string, number>()
  gate = Promise.resolve()
  onWrite: (messages: Messages) => void = () => {}

  async write(messages: Messages): Promise<void> {
    await this.gate
    this.onWrite(messages)
    for (const { customer } of messages) {
      this.written.set(customer, (this.written.get(customer) ?? 0) + 1)
    }
  }

  async record(): Promise<void> {}
  async keepUndecodable(): Promise<void> {}
  async reopen(): Promise<void> {}
  async close(): Promise<void> {}
}

/** A collector on a clock that stands still, its input file, and a stand-in for Central. */
async function setUp(t: TestContext, verifyCertificates = true) {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const path = join(tempFolder(t), 'input.json')
  const clock = new FakeClock()
  const outputs = new CountingOutputs()
  const shutdown = new Shutdown(() => {})
  /** Begins an end that may take as long as this machine takes. */
  const end = () => {
    shutdown.begin()
    shutdown.done()
  }
  const lines: string[] = []
  const log = loggerTo((level, message, { entry = '' }) => {
    lines.push(`${level} ${entry}: ${message}`)
  })
  const file = new InputFile({
    ...{ path, log },
    stdin: () => Readable.from([]),
    services: [CLASSIC_ENTRIES],
    host: parseHost(central.url),
    signal: shutdown.stopping,
    owner: { pid: process.pid, isAlive: () => true },
  })
  const settings = { reconnect: true, verifyCertificates }
  const service = createClassic({
    ...{ ...settings, file, log, userAgent: 'test', replay: {} },
    ...{ protoDir: undefined, readable: false },
  })
  const told: string[] = []
  const collector = new Collector({
    ...{ settings, program: { log, shutdown }, file, service, outputs, clock },
    random: () => 0.5,
    onStatus: ({ type }, { name }) => told.push(`${name} ${type}`),
  })
  const write = (customers: Customers) =>
    writeFile(path, JSON.stringify({ customers }), { mode: 0o600 })
  const running = { done: Promise.resolve() }
  t.after(async () => {
    end()
    await running.done
  })
  return {
    ...{ central, clock, outputs, collector, end, lines, write },
    told,
    stateOf: (name: string) =>
      collector.snapshot(0).find((entry) => entry.name === name)?.status.type,
    async start(customers: Customers) {
      await write(customers)
      const { added } = await file.read(() => {})
      running.done = collector.stream(added)
      return running
    },
    /** Lets time pass until something is so. */
    passUntil: (condition: () => boolean, what?: () => string) =>
      until(() => {
        // In steps that a handshake takes part of: one that is given up is only retried.
        clock.advance(1000)
        return condition()
      }, what),
  }
}

type Harness = Awaited<ReturnType<typeof setUp>>

/** From a refusal to the next try. */
const REFUSED_MS = 600_000

const never = new Promise<never>(() => {})

/** A frame with 1000 bytes in a field that no schema knows. */
const FRAME = Buffer.concat([Uint8Array.of(0x7a, 0xe8, 0x07), Buffer.alloc(1000)])

/** What makes the entry A, with this key, get into a state; `mend` ends the trouble. */
type State = {
  meet(central: Central, key: string): (() => void) | undefined
  reached(harness: Harness, key: string): boolean
}

/** A stalled answer to whatever is asked for, until it is mended. */
function held(hold: (until: Promise<void>) => unknown): () => void {
  let release = () => {}
  hold(
    new Promise<void>((resolve) => {
      release = resolve
    }),
  )
  return () => release()
}

const inState = (type: string) => (harness: Harness) => harness.stateOf('A') === type

const STATES: Readonly<Record<string, State>> = {
  'its key is validated at the start': {
    meet: (central, key) =>
      held((until) => central.failValidation({ type: 'hold', until }, { key })),
    reached: ({ central }, key) => central.validations.some((each) => each.key === key),
  },
  'it waits for its turn': {
    // Two of a host that has not answered yet are under way at a time.
    meet: (central) =>
      void central.failHandshake({ type: 'hold', until: never }, { topic: 'apprf' }, 2),
    reached: ({ central, stateOf }) => central.pending.now === 2 && stateOf('A') === 'connecting',
  },
  'its handshake is under way': {
    meet: (central, key) => void central.failHandshake({ type: 'hold', until: never }, { key }),
    reached: ({ central }, key) => central.handshakes.some((each) => each.key === key),
  },
  'its key is validated after a 401': {
    meet: (central, key) => {
      central.failHandshake({ type: 'answer', status: 401 }, { key })
      const isFirst = () => central.handshakes.every((each) => each.key !== key)
      return held((until) =>
        central.failValidation({ type: 'hold', until }, { key, when: () => !isFirst() }),
      )
    },
    reached: ({ central }, key) =>
      central.validations.filter((each) => each.key === key).length === 2,
  },
  'it waits to retry': {
    meet: (central, key) => void central.failHandshake({ type: 'answer', status: 503 }, { key }),
    reached: inState('retrying'),
  },
  'it is refused by the socket': {
    meet: (central, key) => void central.failHandshake({ type: 'answer', status: 403 }, { key }),
    reached: inState('refused'),
  },
  'its key is refused': {
    meet: (central, key) => {
      central.keys.refuse(key)
      return () => central.keys.accept(key)
    },
    reached: inState('refused'),
  },
  'it is open': { meet: () => undefined, reached: inState('open') },
  'it is held by an output': {
    meet: () => undefined,
    reached: inState('open'),
  },
}

/** What the file holds after each reload, given what it held before. */
const EVENTS: Readonly<Record<string, (a: InputEntry) => readonly (InputEntry | undefined)[]>> = {
  'nothing changes': (a) => [a],
  'its key changes': (a) => [{ ...a, wsskey: makeKey('another') }],
  'its topic changes': (a) => [{ ...a, topic: 'security' }],
  'its key changes twice': (a) => [
    { ...a, wsskey: makeKey('wrong') },
    { ...a, wsskey: makeKey('right') },
  ],
  'its key changes and changes back': (a) => [{ ...a, wsskey: makeKey('other') }, a],
  'it is removed and comes back': (a) => [undefined, a],
}

describe('an entry ends in a stream', { concurrency: 4 }, () => {
  for (const [state, { meet, reached }] of Object.entries(STATES)) {
    for (const [event, change] of Object.entries(EVENTS)) {
      test(`where ${event} while ${state}`, async (t) => {
        const harness = await setUp(t)
        const { central, collector, outputs, write, start, passUntil } = harness
        const elsewhere = await startCentral(t)
        const a = entryOf('audit')
        const others: Customers = {
          First: entryOf('apprf'),
          Second: entryOf('apprf'),
          // One that is always open keeps the program going.
          Other: { ...entryOf('presence'), hostname: elsewhere.url },
        }
        const mend = meet(central, a.wsskey)
        await start({ ...others, A: a })
        await until(
          () => reached(harness, a.wsskey),
          () => `${state}: ${harness.lines.join('\n')}`,
        )
        let open = () => {}
        if (state.includes('held')) {
          outputs.gate = new Promise((resolve) => {
            open = resolve
          })
          const socket = await central.waitForSocket({ key: a.wsskey })
          await socket.sendEmpty()
          await until(() => collector.snapshot(0).some(({ held }) => held === true))
        }
        const before = outputs.written.get('A') ?? 0
        const reloads: Promise<void>[] = []
        let last: InputEntry = a
        for (const next of change(a)) {
          await write(next ? { ...others, A: next } : others)
          const reload = collector.reload()
          reloads.push(reload)
          // While a validation is held up, reloads may wait for it; else each one is seen by itself.
          if (!state.includes('validated')) await reload
          last = next ?? last
        }
        mend?.()
        open()
        await Promise.all(reloads)
        const sockets = () =>
          central.sockets.filter(
            ({ open, key, topic }) => open && key === last.wsskey && topic === last.topic,
          )
        await passUntil(
          () => harness.stateOf('A') === 'open' && sockets().length === 1,
          () => `${state}, ${event}: ${harness.lines.join('\n')}`,
        )
        await sockets()[0]?.sendEmpty()
        const expected = before + (state.includes('held') ? 2 : 1)
        await until(() => (outputs.written.get('A') ?? 0) === expected)
        // No other stream of that entry is left.
        await until(() => central.sockets.filter(({ topic }) => topic !== 'apprf').length === 1)
      })
    }
  }
})

describe('a collector', () => {
  test('warns that certificates are not verified', async (t) => {
    const { lines } = await setUp(t, false)
    assert.deepEqual(lines, ['warn : --no_valid_cert: certificates are not verified'])
  })

  test('ends when all entries are refused and none was ever open, also by a reload', async (t) => {
    const { central, collector, start, write, stateOf, clock } = await setUp(t)
    const [bad, slow] = [entryOf('audit'), entryOf('apprf')]
    central.keys.refuse(bad.wsskey)
    central.failHandshake({ type: 'answer', status: 503 }, { key: slow.wsskey })
    const running = await start({ Bad: bad, Slow: slow })
    await until(() => stateOf('Bad') === 'refused' && stateOf('Slow') === 'retrying')
    await write({ Bad: bad })
    await collector.reload()
    // The reload tries it again, and the answer is the same.
    await running.done
    assert.deepEqual(
      collector.statuses.map(({ type }) => type),
      ['refused'],
    )
    assert.equal(collector.everOpen, false)
    assert.equal(clock.timers, 0)
  })

  test('goes on with refused entries once one was open, even when that one is removed', async (t) => {
    const { central, clock, collector, start, write, stateOf } = await setUp(t)
    const [bad, good] = [entryOf('audit'), entryOf('apprf')]
    central.failHandshake({ type: 'answer', status: 403 }, { key: bad.wsskey }, 3)
    await start({ Bad: bad, Good: good })
    await until(() => stateOf('Bad') === 'refused' && stateOf('Good') === 'open')
    await write({ Bad: bad })
    await collector.reload()
    const tries = () => central.handshakes.filter(({ key }) => key === bad.wsskey).length
    for (const count of [2, 3]) {
      await until(() => tries() === count && clock.waits(REFUSED_MS))
      clock.advance(REFUSED_MS)
    }
    await until(() => stateOf('Bad') === 'open')
    assert.equal(tries(), 4)
  })

  for (const refusal of ['its validation', 'a 403 on the socket'] as const) {
    test(`uses a key that was pasted without a reload after ${refusal} refused the old one`, async (t) => {
      const { central, clock, start, write, stateOf } = await setUp(t)
      const [bad, good, pasted] = [entryOf('audit'), entryOf('apprf'), entryOf('audit')]
      if (refusal === 'its validation') central.keys.refuse(bad.wsskey, 403)
      else {
        central.failHandshake({ type: 'answer', status: 403 }, { key: bad.wsskey }, Infinity)
      }
      await start({ Bad: bad, Good: good })
      await until(() => stateOf('Bad') === 'refused' && stateOf('Good') === 'open')
      const offered = central.handshakes.filter(({ key }) => key === bad.wsskey).length
      await write({ Bad: pasted, Good: good })
      assert.ok(clock.waits(REFUSED_MS))
      clock.advance(REFUSED_MS)
      await until(() => stateOf('Bad') === 'open')
      assert.equal(central.sockets.filter(({ key }) => key === pasted.wsskey).length, 1)
      assert.equal(central.handshakes.filter(({ key }) => key === bad.wsskey).length, offered)
    })
  }

  test('tells of a refusal once, however often the answer is the same', async (t) => {
    const { central, clock, collector, start, stateOf, told } = await setUp(t)
    const [bad, good] = [entryOf('audit'), entryOf('apprf')]
    central.keys.refuse(bad.wsskey)
    await start({ Bad: bad, Good: good })
    await until(() => stateOf('Bad') === 'refused' && stateOf('Good') === 'open')
    for (let count = 1; count <= 3; count += 1) {
      await collector.reload()
      await until(() => central.handshakes.filter(({ key }) => key === bad.wsskey).length === count)
      await until(
        () => central.validations.filter(({ key }) => key === bad.wsskey).length === count + 1,
      )
      // It is refused again.
      await until(() => clock.waits(REFUSED_MS))
    }
    assert.deepEqual(
      told.filter((each) => each.startsWith('Bad')),
      ['Bad connecting', 'Bad refused'],
    )
  })
})

describe('what had arrived for an entry that is held by an output is delivered', () => {
  for (const event of ['the end', 'a reload that changes it', 'a reload that removes it']) {
    test(`after ${event}`, async (t) => {
      const { central, outputs, collector, end, start, write, passUntil } = await setUp(t)
      const [a, other] = [entryOf('audit'), entryOf('apprf')]
      const running = await start({ A: a, Other: other })
      let open = () => {}
      outputs.gate = new Promise((resolve) => {
        open = resolve
      })
      const socket = await central.waitForSocket({ key: a.wsskey })
      const sending = socket.sendAll(Array.from({ length: 7000 }, () => FRAME))
      // More than this side has read: the rest is in the kernel, and on its way there.
      await until(
        () =>
          collector.snapshot(0)[0]?.held === true &&
          (socket.bufferedBytes > 0 || socket.sent === 7000),
      )
      const next = entryOf('audit')
      if (event === 'the end') end()
      else {
        await write(event.includes('changes') ? { A: next, Other: other } : { Other: other })
        await collector.reload()
      }
      // Our close frame has come; its answer is behind all that was sent.
      await passUntil(() => !socket.open)
      open()
      const sent = await sending
      assert.ok(sent > 1000, `${sent} sent`)
      await until(() => outputs.written.get('A') === sent)
      assert.equal((await socket.ended).code, 1000)
      if (event === 'the end') await running.done
      else if (event.includes('changes')) await central.waitForSocket({ key: next.wsskey })
    })
  }
})

test('an idle entry keeps none of its frames and messages', async (t) => {
  const { central, outputs, start } = await setUp(t)
  await start({ A: entryOf('audit'), B: entryOf('apprf') })
  const socket = await central.waitForSocket({ topic: 'audit' })
  const kept: WeakRef<ArrayBufferLike>[] = []
  outputs.onWrite = (messages) => {
    for (const { customer, frame } of messages) {
      if (customer === 'A') kept.push(new WeakRef(frame.buffer))
    }
  }
  // Large frames have memory of their own, not a part of what one read of the socket held.
  const frame = Buffer.alloc(300_000)
  frame.set(Uint8Array.of(0x42, 0xdc, 0xa7, 0x12)) // Field 8, bytes: a field that no schema knows.
  for (let count = 1; count <= 3; count += 1) {
    await socket.send(frame)
    await until(() => kept.length === count)
  }
  // What all entries share may hold the last frame of the program.
  await (await central.waitForSocket({ topic: 'apprf' })).sendEmpty()
  await until(() => outputs.written.get('B') === 1)
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  await until(
    () => {
      collectGarbage()
      return kept.every((reference) => reference.deref() === undefined)
    },
    () => `${kept.filter((each) => each.deref()).length} of 3 kept`,
  )
})
