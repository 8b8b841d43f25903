/** Subscribes at each URL it is given, and prints the first status after connecting, one JSON line each. */

import { subscribe } from '../../src/connection/subscribe.js'
import { createLimiter } from '../../src/net/limiter.js'
import { endpointAt, fixedKey } from './subscription.js'

for (const url of process.argv.slice(2)) {
  const stop = new AbortController()
  const subscription = subscribe({
    endpoint: endpointAt(url, { key: fixedKey('not-a-real-key') }),
    limiter: createLimiter(),
    stopping: stop,
    onStatus: (status) => {
      if (status.type === 'connecting' || stop.signal.aborted) return
      const cause = status.type === 'retrying' ? status.cause : undefined
      process.stdout.write(
        `${JSON.stringify({ type: status.type, code: cause?.code, message: cause?.message })}\n`,
      )
      stop.abort()
    },
  })
  for await (const _ of subscription) throw new Error('no frame was sent')
}
