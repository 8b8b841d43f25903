import { realpath } from 'node:fs/promises'
import type { ReplayFileSettings } from './command-line/settings.js'
import { Decoders } from './decoders.js'
import { StreamError } from './errors.js'
import { Intake } from './intake.js'
import type { Program } from './program.js'
import { readRecording } from './replay/read-recording.js'
import { logStats } from './report/stats.js'
import { openSinks } from './sinks.js'

/**
 * `aruba-stream replay FILE`: sends recorded frames through the same decoder and to the same sinks
 * as live ones, in the order of the file.
 * @returns the exit code: 1 where a frame could not be decoded or a message was given up
 */
export async function replay(settings: ReplayFileSettings, program: Program): Promise<number> {
  const { log, shutdown } = program
  const startedAt = Date.now()
  await refuseOwnTail(settings)
  const decoders = new Decoders({ ...settings, log })
  // What topics a recording holds is known at its end only.
  const sinks = await openSinks(settings, [], program)
  const intakes = new Map<string, Intake>()

  const intakeOf = (name: string, topic: Intake['topic']): Intake => {
    const id = JSON.stringify([name, topic])
    let intake = intakes.get(id)
    if (!intake) {
      const entry = { name, topic }
      intake = new Intake({
        entry,
        decoder: decoders.of(entry),
        sinks,
        log: log.child({ entry: name }),
      })
      intakes.set(id, intake)
    }
    return intake
  }

  try {
    const source = settings.file === '-' ? program.stdin : settings.file
    for await (const frame of readRecording(source, { log })) {
      const taken = intakeOf(frame.customer, frame.topic).take(frame)
      if (taken) await taken
      if (shutdown.stopping.aborted) break
    }
  } finally {
    await sinks.close()
  }
  logStats(log, { entries: [], exporters: sinks.counters, startedAt }, Date.now())
  const undecodable = [...intakes.values()].reduce((sum, each) => sum + each.undecodable, 0)
  const givenUp = sinks.counters.reduce((sum, { counters }) => sum + counters.givenUp, 0)
  return undecodable + givenUp > 0 ? 1 : 0
}

/** What is appended to the file that is read would be read again, without end. */
async function refuseOwnTail({ file, deadLetterFile }: ReplayFileSettings): Promise<void> {
  if (file === '-' || deadLetterFile === undefined) return
  const [source, target] = await Promise.all(
    [file, deadLetterFile].map((path) => realpath(path).catch(() => path)),
  )
  if (source !== target) return
  throw new StreamError(
    'usage',
    '--dead_letter: expected another file than the one that is replayed; move that one away first',
  )
}
