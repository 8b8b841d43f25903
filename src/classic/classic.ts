import type { InputFile } from '../input/input-file.js'
import type { Logger } from '../log.js'
import { createLimiter } from '../net/limiter.js'
import type { Service } from '../service.js'
import { createEndpoint } from './endpoint.js'
import { KeyStore } from './keys.js'
import { createDecoders } from './record.js'
import type { ReplayOptions } from './resume.js'
import type { Topic } from './topics.js'
import { validateKey } from './validate-key.js'

type ClassicOptions = {
  /** Holds the keys, and gets those that Central has renewed. */
  readonly file: Pick<InputFile, 'keys' | 'noteKey' | 'save'>
  readonly userAgent: string
  readonly verifyCertificates: boolean
  readonly replay: ReplayOptions
  readonly protoDir: string | undefined
  readonly readable: boolean
  readonly log: Logger
}

/** Classic Central. */
export function createClassic(options: ClassicOptions): Service<Topic> {
  const { file, userAgent, verifyCertificates, replay, log } = options
  const keys = new KeyStore({
    validate: (host, key, signal) =>
      validateKey({ host, key, verifyCertificates, userAgent, signal }),
    // Not the one of the handshakes: a slow answer here must not hold up entries that are ready.
    limiter: createLimiter(),
    readKeys: () => file.keys(),
    onPasted: (name, key) => file.noteKey(name, key),
    saveKeys: (renewals) => file.save(renewals),
    log,
  })
  return {
    decoders: createDecoders(options),
    async endpoints(entries, signal) {
      const opened = await keys.open(entries, signal)
      return opened.map(({ entry, key }) => {
        const { refusal } = key
        return createEndpoint({ entry, key, refusal, userAgent, replay, close: () => key.close() })
      })
    },
  }
}
