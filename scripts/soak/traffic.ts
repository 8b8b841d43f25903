import { setTimeout as sleep } from 'node:timers/promises'
import type { Central } from '../../src/simulator/central.js'
import type { CentralSocket } from '../../src/simulator/socket.js'
import { BREAKS, Counts } from '../../test/helpers/breaks.js'
import { makeKey } from '../../test/helpers/keys.js'
import { type Customer, frameOf, nameOfSocket, numberOfEvent, type SoakEntry } from './entries.js'
import type { Periods } from './periods.js'

const TICK_MS = 50
/**
 * Messages a second of an entry. A subscription of New Central remembers the last 8,192 events: at this pace
 * its memory has its full size after a quarter of an hour.
 */
const CLASSIC_PACE = 1.5
const NEW_CENTRAL_PACE = 9.5
/** After a break or a slow reader an entry catches up with no more than this. */
const MOST_DUE = 100
/** How often the next handshake is answered with 503 as well. */
const REFUSED_AFTERWARDS = 0.2
/** How often a connection freezes in place of breaking, and for how long: a client notices it before. */
const FROZEN = 0.02
const FROZEN_MS = 120_000
/** What New Central does at the end of a token, in turn. */
const CLOSES = ['1008', '4000', '1001', '1000', '1011', 'cut'] as const
const REPEATED = 5

type State = {
  due: number
  breakAtMs: number
  /** Since when no connection is open. */
  downSinceMs: number | undefined
}

type TrafficOptions = {
  /** All entries are connected. */
  readonly central: Central
  readonly entries: readonly SoakEntry[]
  readonly customers: readonly Customer[]
  readonly periods: Periods
  readonly random: () => number
}

/** Sends numbered messages on the connections of all entries, breaks these, and keeps the account. */
export class Traffic {
  /** Numbers so far. */
  count = 0
  /** The messages that must arrive: the kernel had taken them before the connection was broken. */
  readonly whole = new Counts()
  readonly figures = {
    breaks: 0,
    frozen: 0,
    handshakes: 0,
    tokens: 0,
    /** Connections that the server ended with or before their token. */
    endedWithToken: 0,
    renewals: 0,
    validations: 0,
    gaps: 0,
    gapSeconds: 0,
    /** Messages of Classic that were due while no connection was open. */
    unsentInGaps: 0,
    /** Events of New Central. */
    lostInGaps: 0,
    repeated: 0,
  }
  readonly #options: TrafficOptions
  readonly #states = new Map<string, State>()
  readonly #broken = new WeakSet<CentralSocket>()
  readonly #startMs = performance.now()
  #turn = 0
  #calm = false

  constructor(options: TrafficOptions) {
    this.#options = options
    const { central, entries, periods, random } = options
    for (const entry of entries) {
      const breakAtMs = random() * periods.break
      this.#states.set(nameOfSocket(entry), { due: 0, breakAtMs, downSinceMs: undefined })
    }
    this.changeServer()
    for (const socket of central.sockets) this.#watch(socket)
    central.on('opened', (socket) => this.#onOpened(socket))
  }

  /** From now on nothing breaks. */
  calm(): void {
    this.#calm = true
  }

  /** Whether all entries are connected, and no event waits for a connection. */
  get isWhole(): boolean {
    const { central, entries } = this.#options
    const open = new Set(central.sockets.filter((each) => this.#isOpen(each)).map(nameOfSocket))
    const isOpen = entries.every((entry) => open.has(nameOfSocket(entry)))
    return isOpen && central.newCentral.account.counts().queued === 0
  }

  /** Lets New Central end connections in another way: at the token's end or at half of its life. */
  changeServer(): void {
    const { central, periods } = this.#options
    const turn = this.#turn++
    central.newCentral.settings = {
      ...central.newCentral.settings,
      expires_in: Math.round(periods.token / 1000),
      expiry_at: turn % 2 === 0 ? 'expiry' : 'half',
      expiry_close: CLOSES[Math.floor(turn / 2) % CLOSES.length] ?? '1008',
      queue: turn % 4 === 3 ? 'none' : 'by_id',
      duplicates: turn % 4 === 3 ? 0 : REPEATED,
    }
  }

  /** Renews the key of a customer and breaks its connections, so that the old one is refused. */
  renewKey(): void {
    const { central, customers, random } = this.#options
    const customer = customers[Math.floor(random() * customers.length)]
    if (!customer) return
    const key = makeKey(`soak-${this.figures.renewals++}`, { customerId: customer.id })
    central.keys.renew(customer.key, key)
    customer.key = key
    for (const socket of central.sockets) {
      if (socket.username === customer.username) this.#end(socket, () => socket.close(4000))
    }
  }

  /** Sends until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#tick()
      await sleep(TICK_MS)
    }
  }

  /** Moves what the simulator keeps into the account. */
  settle(): void {
    const { handshakes, tokenRequests, validations, newCentral } = this.#options.central
    const { figures } = this
    figures.handshakes += handshakes.splice(0).length
    figures.tokens += tokenRequests.splice(0).length
    figures.validations += validations.splice(0).length
    for (const { outcome, id } of newCentral.account.lines.splice(0)) {
      if (outcome === 'sent') this.whole.add(numberOfEvent(id))
      else if (outcome === 'lost') figures.lostInGaps += 1
      else if (outcome === 'repeated') figures.repeated += 1
    }
  }

  #tick(): void {
    const nowMs = performance.now() - this.#startMs
    const open = new Map<string, CentralSocket[]>()
    for (const socket of this.#options.central.sockets) {
      if (!this.#isOpen(socket)) continue
      const name = nameOfSocket(socket)
      open.set(name, [...(open.get(name) ?? []), socket])
    }
    for (const entry of this.#options.entries) {
      const name = nameOfSocket(entry)
      const state = this.#states.get(name)
      if (!state) continue
      const sockets = open.get(name) ?? []
      if (sockets.length === 0) state.downSinceMs ??= nowMs
      const pace = entry.customer ? CLASSIC_PACE : NEW_CENTRAL_PACE
      this.#send(entry, state, sockets, (nowMs / 1000) * pace)
      const socket = sockets[0]
      if (!socket || this.#calm || nowMs < state.breakAtMs) continue
      state.breakAtMs = nowMs + this.#options.periods.break * (0.5 + this.#options.random())
      this.#break(socket)
    }
    this.settle()
  }

  #send(entry: SoakEntry, state: State, sockets: readonly CentralSocket[], target: number): void {
    if (sockets.some(({ bufferedBytes }) => bufferedBytes > 0)) return
    state.due = Math.max(state.due, target - MOST_DUE)
    for (; state.due < target; state.due++) {
      const [socket] = sockets
      if (!entry.customer) {
        const frame = frameOf(entry, this.count++)
        void this.#options.central.broadcast(entry.topic, frame, entry.customerId)
      } else if (socket) {
        const number = this.count++
        void socket.send(frameOf(entry, number)).then((flushed) => {
          if (flushed) this.whole.add(number)
        })
      } else this.figures.unsentInGaps += 1
    }
  }

  #break(socket: CentralSocket): void {
    const { central, random, periods } = this.#options
    if (periods.freezes && random() < FROZEN) {
      this.figures.frozen += 1
      this.#end(socket, () => socket.freeze())
      // It does not notice that its client is gone.
      setTimeout(() => socket.reset(), FROZEN_MS).unref()
      return
    }
    this.figures.breaks += 1
    if (random() < REFUSED_AFTERWARDS) {
      const { username, topic } = socket
      const headers = { 'Retry-After': '1' }
      const who = { topic, ...(username !== undefined && { username }) }
      central.failHandshake({ type: 'answer', status: 503, headers }, who)
    }
    const way = BREAKS[Math.floor(random() * BREAKS.length)]
    this.#end(socket, () => way?.(socket))
  }

  #end(socket: CentralSocket, way: () => void): void {
    this.#broken.add(socket)
    way()
  }

  #onOpened(socket: CentralSocket): void {
    this.#watch(socket)
    const name = nameOfSocket(socket)
    const state = this.#states.get(name)
    if (!state) return
    const others = this.#options.central.sockets.filter(
      (each) => each !== socket && nameOfSocket(each) === name && this.#isOpen(each),
    )
    if (others.length > 0) return
    const nowMs = performance.now() - this.#startMs
    this.figures.gaps += 1
    this.figures.gapSeconds += (nowMs - (state.downSinceMs ?? nowMs)) / 1000
    state.downSinceMs = undefined
  }

  #watch(socket: CentralSocket): void {
    socket.ended.then(({ byServer }) => {
      if (byServer && !this.#broken.has(socket)) this.figures.endedWithToken += 1
    })
  }

  #isOpen(socket: CentralSocket): boolean {
    return socket.open && !this.#broken.has(socket)
  }
}
