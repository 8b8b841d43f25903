import type { StreamMessage, StreamRecord } from '../../src/decode/message.js'
import type { StreamError } from '../../src/errors.js'
import type { ExporterContext } from '../../src/export/exporter.js'
import type { LogFields, Logger } from '../../src/log.js'
import type { Topic } from '../../src/schema/topics.js'

/** A message made of its parts; frame and record are small unless given. */
export function message(
  parts: Partial<StreamMessage> & { readonly n?: number } = {},
): StreamMessage {
  const { customer = 'A_audit', topic = 'audit', n = 0 } = parts
  const record: StreamRecord = parts.record ?? {
    customer,
    topic,
    timestamp: '1700000000123456789',
    customer_id: 'c1',
    data: { n },
    msp_ip: '',
  }
  return {
    customer,
    topic,
    receivedAt: 1_700_000_000_123,
    frame: new Uint8Array([1, 2, 3]),
    timestamp: BigInt(record.timestamp),
    record,
    line: Buffer.from(`${JSON.stringify(record)}\n`),
    ...parts,
  }
}

/** A logger that keeps its lines. */
export function memoryLog(lines: string[] = []): Logger & { readonly lines: string[] } {
  const at = (level: string) => (text: string, _fields?: LogFields) => {
    lines.push(`${level}: ${text}`)
  }
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => memoryLog(lines),
  }
}

export type TestContext = ExporterContext & {
  readonly log: ReturnType<typeof memoryLog>
  readonly givenUp: { readonly message: StreamMessage; readonly error: StreamError }[]
  /** Ends the time for a shutdown. */
  expire(): void
}

/** What an exporter gets from the program, kept for looking at. */
export function exporterContext(
  options: { readonly topics?: readonly Topic[]; readonly protoDir?: string } = {},
): TestContext {
  const expired = new AbortController()
  const counters = { delivered: 0, retried: 0, givenUp: 0, waiting: 0 }
  const givenUp: TestContext['givenUp'] = []
  return {
    log: memoryLog(),
    counters,
    topics: options.topics ?? ['audit'],
    protoDir: options.protoDir,
    stopping: new AbortController().signal,
    signal: expired.signal,
    givenUp,
    giveUp(message, error) {
      counters.givenUp++
      givenUp.push({ message, error })
    },
    expire: () => expired.abort(),
  }
}
