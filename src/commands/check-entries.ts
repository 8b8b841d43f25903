import { StreamError } from '../errors.js'
import type { ApiClient } from '../input/entries.js'
import { getOrMake } from '../maps.js'
import type { Host } from '../net/host.js'
import type { Secret } from '../secret.js'
import type { AnyTopic } from '../service.js'

/** What is checked of an entry of the input file. */
export type CheckEntry = {
  readonly name: string
  readonly topic: AnyTopic
  /** Name and topic in one word. */
  readonly label: string
  /** Undefined where no hostname is known, which `--offline` allows. */
  readonly host: Host | undefined
  /** The WSS key, or the secret of the API client. */
  readonly key: Secret
  /** Of an entry of New Central. */
  readonly client?: ApiClient | undefined
}

/** An entry whose host is known, so that Central can be asked. */
export type ReachableEntry = CheckEntry & { readonly host: Host }

/** What Central says of a key: as it is, with a newer one, not at all, or no usable answer. */
export type KeyState = 'accepted' | 'renewed' | 'refused' | 'unknown'
/** What Central says of a subscription. */
export type TopicState = 'subscribed' | 'refused' | 'unknown'

/** Age of a key in whole days, and how many are left before Central renews it; negative when overdue. */
export type KeyDays = { readonly old: number; readonly left: number }

/** What an entry is subscribed with. */
export type Credential = { readonly secret: Secret; readonly tokenSeconds?: number }

export type CheckResult = {
  readonly entry: CheckEntry
  /** Undefined where Central was not asked about it. */
  readonly key: KeyState | undefined
  /** Of the key in use, which is the renewed one where there is one; undefined where the key holds no date. */
  readonly keyDays: KeyDays | undefined
  /** For how many seconds the token of an API client is good. */
  readonly tokenSeconds?: number | undefined
  /** Undefined where Central was not asked about it, for instance since the key was refused. */
  readonly topic: TopicState | undefined
  /** What is wrong, each fault once; the message says what to do. */
  readonly faults: readonly StreamError[]
}

type CheckOptions<Entry extends CheckEntry> = {
  readonly entries: readonly Entry[]
  /** Does not ask Central. */
  readonly offline: boolean
  /** Ends the check: what was not asked by then stays open. */
  readonly signal: AbortSignal
  /**
   * Asks Central about the entry's credentials and returns what is good now.
   * @throws StreamError `key-refused` or `client-refused`, or any other where there was no usable answer
   */
  readonly validate: (entry: Entry & ReachableEntry) => Promise<Credential>
  /**
   * Subscribes with a key and closes at once.
   * @throws StreamError why that was not possible
   */
  readonly probe: (entry: Entry & ReachableEntry, key: Secret) => Promise<void>
  /** Age of a WSS key in seconds; undefined where the key holds no date. */
  readonly keyAge: (key: Secret) => number | undefined
  /** Days after which Central renews a key. */
  readonly keyLifeDays: number
}

/** How many entries are asked about at a time: as many as when streaming. */
const CONCURRENCY = 20

/**
 * Checks entries against Central: each distinct key once on its host, then each topic by a
 * handshake of its own. A renewed key serves the handshake; nothing is written.
 */
export async function runCheck<Entry extends CheckEntry>(
  options: CheckOptions<Entry>,
): Promise<CheckResult[]> {
  const { entries } = options
  const validate = oncePerKey(options.validate)
  return mapLimited(entries, CONCURRENCY, (entry) => checkEntry(entry, { ...options, validate }))
}

async function checkEntry<Entry extends CheckEntry>(
  entry: Entry,
  { offline, signal, validate, probe, keyAge, keyLifeDays }: CheckOptions<Entry>,
): Promise<CheckResult> {
  const daysOf = (key: Secret) => (entry.client ? undefined : keyDays(keyAge(key), keyLifeDays))
  if (offline || signal.aborted || !isReachable(entry)) {
    return { entry, key: undefined, keyDays: daysOf(entry.key), topic: undefined, faults: [] }
  }
  const validated = await settle(validate(entry), signal)
  const key = keyState(entry, validated)
  const inUse = validated.value?.secret ?? entry.key
  const result = {
    entry,
    key,
    keyDays: daysOf(inUse),
    tokenSeconds: validated.value?.tokenSeconds,
  }
  // Without a token there is nothing to offer; a key may be good although it could not be validated.
  const hasNone = entry.client && !validated.value
  if (key === 'refused' || hasNone || signal.aborted) {
    return { ...result, topic: undefined, faults: faultsOf(validated) }
  }
  const probed = await settle(
    probe(entry, inUse).then(() => true as const),
    signal,
  )
  return { ...result, topic: topicState(probed), faults: faultsOf(validated, probed) }
}

const DAY_SECONDS = 86_400

function keyDays(keyAge: number | undefined, lifeDays: number): KeyDays | undefined {
  if (keyAge === undefined) return undefined
  // Clocks that disagree must not give a negative age.
  const old = Math.max(0, Math.floor(keyAge / DAY_SECONDS))
  return { old, left: lifeDays - old }
}

function isReachable<Entry extends CheckEntry>(entry: Entry): entry is Entry & ReachableEntry {
  return entry.host !== undefined
}

function keyState(entry: CheckEntry, { value, error }: Settled<Credential>): KeyState | undefined {
  if (value) return entry.client || value.secret.equals(entry.key) ? 'accepted' : 'renewed'
  if (!error) return undefined
  return error.exitCode === 3 ? 'refused' : 'unknown'
}

function topicState({ value, error }: Settled<true>): TopicState | undefined {
  if (value) return 'subscribed'
  if (!error) return undefined
  return error.exitCode === 3 ? 'refused' : 'unknown'
}

/** The validation and the handshake often meet the same fault. It is reported once. */
function faultsOf(...settled: readonly Settled<unknown>[]): StreamError[] {
  const faults = settled.flatMap(({ error }) => error ?? [])
  return faults.filter(
    ({ code, message }, at) =>
      !faults.slice(0, at).some((fault) => fault.message === message || fault.code === code),
  )
}

/** Has neither of them if the signal came first. */
type Settled<T> = { readonly value?: T; readonly error?: StreamError }

async function settle<T>(promise: Promise<T>, signal: AbortSignal): Promise<Settled<T>> {
  try {
    return { value: await promise }
  } catch (error) {
    // A handshake that this program aborted says nothing about Central.
    if (signal.aborted) return {}
    // Anything else is a fault of this program, and must not be reported as Central's.
    if (!(error instanceof StreamError)) throw error
    return { error }
  }
}

function oncePerKey<Entry extends CheckEntry>(
  validate: CheckOptions<Entry>['validate'],
): CheckOptions<Entry>['validate'] {
  const asked = new Map<string, Promise<Credential>>()
  return (entry) => {
    const { authority, secure } = entry.host
    const { id: client, tokenUrl } = entry.client ?? {}
    const id = JSON.stringify([authority, secure, entry.key.reveal(), client, tokenUrl])
    return getOrMake(asked, id, () => validate(entry))
  }
}

/** Like `map` with promises, but with at most `limit` under way. */
async function mapLimited<T, R>(
  all: readonly T[],
  limit: number,
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results = new Map<number, R>()
  const queue = all.entries()
  const worker = async () => {
    for (const [at, one] of queue) results.set(at, await work(one))
  }
  await Promise.all(Array.from({ length: Math.min(limit, all.length) }, worker))
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result)
}
