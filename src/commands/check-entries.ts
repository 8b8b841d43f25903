import { createEndpoint } from '../classic/endpoint.js'
import type { Topic } from '../classic/topics.js'
import { type ValidateKeyOptions, validateKey } from '../classic/validate-key.js'
import { shareValidations, withCircuitBreaker } from '../classic/validations.js'
import type { ConnectOptions, connect } from '../connection/connect.js'
import { StreamError } from '../errors.js'
import type { Host } from '../net/host.js'
import { createLimiter } from '../net/limiter.js'
import type { Secret } from '../secret.js'

/** What is checked of an entry of the input file. */
export type CheckEntry = {
  readonly name: string
  readonly topic: Topic
  /** Undefined where no hostname is known, which `--offline` allows. */
  readonly host: Host | undefined
  readonly key: Secret
}

/** An entry whose host is known, so that Central can be asked. */
export type ReachableEntry = CheckEntry & { readonly host: Host }

/** What Central says of a key: as it is, with a newer one, not at all, or no usable answer. */
export type KeyState = 'accepted' | 'renewed' | 'refused' | 'unknown'
/** What Central says of a subscription. */
export type TopicState = 'subscribed' | 'refused' | 'unknown'

/** Age of a key in whole days, and how many are left before Central renews it; negative when overdue. */
export type KeyDays = { readonly old: number; readonly left: number }

export type CheckResult = {
  readonly entry: CheckEntry
  /** Undefined where Central was not asked about it. */
  readonly key: KeyState | undefined
  /** Of the key in use, which is the renewed one where there is one; undefined where the key holds no date. */
  readonly keyDays: KeyDays | undefined
  /** Undefined where Central was not asked about it, for instance since the key was refused. */
  readonly topic: TopicState | undefined
  /** What is wrong, each fault once; the message says what to do. */
  readonly faults: readonly StreamError[]
}

export type CheckOptions<Entry extends CheckEntry> = {
  readonly entries: readonly Entry[]
  /** Does not ask Central. */
  readonly offline: boolean
  /** Ends the check: what was not asked by then stays open. */
  readonly signal: AbortSignal
  /**
   * Asks Central about the entry's key and gives the key that is good now.
   * @throws StreamError `key-refused`, or any other where there was no usable answer
   */
  readonly validate: (entry: Entry & ReachableEntry) => Promise<Secret>
  /**
   * Subscribes with a key and closes at once.
   * @throws StreamError why that was not possible
   */
  readonly probe: (entry: Entry & ReachableEntry, key: Secret) => Promise<void>
  /** Age of a key in seconds; undefined where the key holds no date. */
  readonly keyAge: (key: Secret) => number | undefined
  /** Days after which Central renews a key. */
  readonly keyLifeDays: number
  /** How many entries are asked about at a time; 20 (default) as when streaming. */
  readonly concurrency?: number
}

/**
 * Checks entries against Central: each distinct key once on its host, then each topic by a
 * handshake of its own. A renewed key serves the handshake; nothing is written.
 */
export async function runCheck<Entry extends CheckEntry>(
  options: CheckOptions<Entry>,
): Promise<CheckResult[]> {
  const { entries, concurrency = 20 } = options
  const validate = oncePerKey(options.validate)
  return mapLimited(entries, concurrency, (entry) => checkEntry(entry, { ...options, validate }))
}

async function checkEntry<Entry extends CheckEntry>(
  entry: Entry,
  { offline, signal, validate, probe, keyAge, keyLifeDays }: CheckOptions<Entry>,
): Promise<CheckResult> {
  const daysOf = (key: Secret) => keyDays(keyAge(key), keyLifeDays)
  if (offline || signal.aborted || !isReachable(entry)) {
    return { entry, key: undefined, keyDays: daysOf(entry.key), topic: undefined, faults: [] }
  }
  const validated = await settle(validate(entry), signal)
  const key = keyState(entry, validated)
  const inUse = validated.value ?? entry.key
  const result = { entry, key, keyDays: daysOf(inUse) }
  if (key === 'refused' || signal.aborted) {
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
  // Clocks that disagree must not make a key younger than new.
  const old = Math.max(0, Math.floor(keyAge / DAY_SECONDS))
  return { old, left: lifeDays - old }
}

function isReachable<Entry extends CheckEntry>(entry: Entry): entry is Entry & ReachableEntry {
  return entry.host !== undefined
}

function keyState(entry: CheckEntry, { value, error }: Settled<Secret>): KeyState | undefined {
  if (value) return value.equals(entry.key) ? 'accepted' : 'renewed'
  if (!error) return undefined
  return error.code === 'key-refused' ? 'refused' : 'unknown'
}

function topicState({ value, error }: Settled<true>): TopicState | undefined {
  if (value) return 'subscribed'
  if (!error) return undefined
  return error.exitCode === 3 ? 'refused' : 'unknown'
}

/** REST and WebSocket often meet the same fault, which is reported once. */
function faultsOf(...settled: readonly Settled<unknown>[]): StreamError[] {
  const faults = settled.flatMap(({ error }) => error ?? [])
  return faults.filter(
    ({ code, message }, at) =>
      !faults.slice(0, at).some((fault) => fault.message === message || fault.code === code),
  )
}

/** Neither of them where the signal came first. */
type Settled<T> = { readonly value?: T; readonly error?: StreamError }

async function settle<T>(promise: Promise<T>, signal: AbortSignal): Promise<Settled<T>> {
  try {
    return { value: await promise }
  } catch (error) {
    // A handshake that we gave up ourselves says nothing about Central.
    if (signal.aborted) return {}
    // Anything else is a fault of this program, and must not be reported as Central's.
    if (!(error instanceof StreamError)) throw error
    return { error }
  }
}

function oncePerKey<Entry extends CheckEntry>(
  validate: CheckOptions<Entry>['validate'],
): CheckOptions<Entry>['validate'] {
  const asked = new Map<string, Promise<Secret>>()
  return (entry) => {
    const { authority, secure } = entry.host
    const id = JSON.stringify([authority, secure, entry.key.reveal()])
    const answer = asked.get(id) ?? validate(entry)
    asked.set(id, answer)
    return answer
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

export type KeyCheckOptions = Pick<
  ValidateKeyOptions,
  'userAgent' | 'verifyCertificates' | 'signal'
>

/**
 * Makes the function that asks Central about a key, as streaming does at its start: within the shares of
 * the limiter, and no more of a host that gave no answer to the first two keys.
 */
export function createKeyCheck({ signal, ...options }: KeyCheckOptions) {
  const share = shareValidations(
    (host, key, signal) => validateKey({ ...options, host, key, signal }),
    createLimiter(),
  )
  const validate = withCircuitBreaker(share, signal)
  return async ({ host, key }: ReachableEntry): Promise<Secret> => {
    const validation = await validate(host, key)
    return validation.type === 'renewed' ? validation.key : key
  }
}

/** What is the same for every probe. */
export type ProbeOptions = Pick<ConnectOptions, 'verifyCertificates' | 'clock' | 'signal'> & {
  readonly userAgent: string
}

/** Makes the function that subscribes to an entry's topic, and closes as soon as it is subscribed. */
export function createProbe(open: typeof connect, { signal, userAgent, ...options }: ProbeOptions) {
  return async (
    entry: ReachableEntry & { readonly username: string | undefined },
    credential: Secret,
  ): Promise<void> => {
    const subscribed = new AbortController()
    const key = { current: () => credential, afterUnauthorized: async () => credential }
    const endpoint = createEndpoint({ entry, key, userAgent })
    const end = await open({
      ...options,
      endpoint,
      handshake: await endpoint.handshake(undefined, signal),
      signal: AbortSignal.any([signal, subscribed.signal]),
      onOpen: () => subscribed.abort(),
      onFrame: () => {},
    })
    if (!subscribed.signal.aborted) throw end
  }
}
