import type { ConnectOptions, connect } from '../connection/connect.js'
import type { Secret } from '../secret.js'
import type { ReachableEntry } from './check-entries.js'

/** What is the same for every probe. */
export type ProbeOptions = Pick<
  ConnectOptions,
  'userAgent' | 'verifyCertificates' | 'clock' | 'signal'
>

/** Makes the function that subscribes to an entry's topic for real and says good-bye at once. */
export function createProbe(open: typeof connect, { signal, ...options }: ProbeOptions) {
  return async (
    { host, topic, username }: ReachableEntry & Pick<ConnectOptions, 'username'>,
    key: Secret,
  ): Promise<void> => {
    const seenEnough = new AbortController()
    const end = await open({
      ...options,
      host,
      topic,
      username,
      key,
      replayHeaders: {},
      signal: AbortSignal.any([signal, seenEnough.signal]),
      onOpen: () => seenEnough.abort(),
      onFrame: () => {},
    })
    if (!seenEnough.signal.aborted) throw end
  }
}
