import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { createDecoders as createClassicDecoders } from '../classic/record.js'
import { loadSchema as loadClassicSchema } from '../classic/schema.js'
import * as classic from '../classic/topics.js'
import { untilAborted } from '../clock.js'
import { fileErrorText, StreamError } from '../errors.js'
import { readRecording } from '../files/read-recording.js'
import type { Logger } from '../log.js'
import { getOrMake } from '../maps.js'
import { createDecoders as createNewCentralDecoders } from '../newcentral/record.js'
import { loadSchema } from '../newcentral/schema.js'
import * as newCentral from '../newcentral/topics.js'
import { type Outputs, openOutputs } from '../outputs/outputs.js'
import { Processor } from '../pipeline/processor.js'
import { joinDecoders } from '../pipeline/services.js'
import type { Program } from '../program.js'
import { createHoldLog } from '../report/hold-log.js'
import { statsIntervalOf, WATCH_MS } from '../report/reporting.js'
import { type EntrySnapshot, type Snapshot, sumOf } from '../report/snapshot.js'
import { createStatsLog, logStats, logUndelivered } from '../report/stats.js'
import { serviceOf } from '../service.js'
import { onReaderGone } from './reader-gone.js'
import { type ReplayFileSettings, replayOptions } from './settings.js'

/** One entry's part of a recording, as far as it was read. */
type Replayed = {
  readonly name: string
  readonly processor: Processor
  bytes: number
  lastAt: number
}

/**
 * `aruba-stream replay FILE`: sends recorded frames through the same decoder and to the same outputs
 * as live ones, in the order of the file.
 * @returns the exit code: 1 where a frame could not be decoded, a message was given up, a signal came
 *   before the end, or only a part of the file could be read
 * @throws StreamError where the command line is wrong, or nothing could be read of the file
 */
export async function replay(settings: ReplayFileSettings, program: Program): Promise<number> {
  const { log } = program
  const { stopping } = program.shutdown
  const startedMs = performance.now()
  onReaderGone(program.stdout, settings, () => program.shutdown.begin())
  await requireReadable(settings.file)
  requireSchemas(settings)
  const decoders = joinDecoders({
    classic: createClassicDecoders({ ...settings, log }),
    newCentral: createNewCentralDecoders({ ...settings, log }),
  })
  const { file } = settings
  const source = file === '-' ? undefined : { option: 'FILE', path: file }
  const outputs = await untilAborted(openOutputs({ ...settings, source }, 'any', program), stopping)
  const replayed = new Map<string, Replayed>()

  const partOf = (name: string, topic: Processor['topic']): Replayed => {
    const id = JSON.stringify([name, topic])
    return getOrMake(replayed, id, () => {
      const entry = { name, topic, label: name }
      const processor = new Processor({ entry, decoder: decoders.of(entry), outputs, log })
      return { name, processor, bytes: 0, lastAt: 0 }
    })
  }

  let isOver = false
  const snapshot = (): Snapshot => ({
    entries: Array.from(replayed.values(), (part) => snapshotOf(part, outputs, isOver)),
    outputs: outputs.counters,
    holds: outputs.holds,
    deadLetterFile: settings.deadLetterFile,
    replayOptions: replayOptions(settings),
    upMs: performance.now() - startedMs,
  })
  const stopWatching = watchReplay(settings, snapshot, program)
  let failed = false
  /** Whether the recording was read to its end, and all of it handed to the outputs. */
  let finished = false
  program.onHangup(() => void outputs.reopen())
  try {
    const recording = readRecording(file === '-' ? program.stdin() : file, {
      log,
      signal: stopping,
    })
    for await (const frames of recording) {
      const [first] = frames
      if (!first) continue
      const part = partOf(first.customer, first.topic)
      part.bytes += frames.reduce((sum, { bytes }) => sum + bytes.length, 0)
      part.lastAt = frames.at(-1)?.receivedAt ?? part.lastAt
      await part.processor.process(frames)
      if (stopping.aborted) break
    }
    finished = !stopping.aborted
  } catch (error) {
    // The end was asked for while a pipe was silent.
    if (error !== stopping.reason) {
      // Where nothing could be read, the command is wrong: the error is all there is to report.
      if (!(error instanceof StreamError) || replayed.size === 0) throw error
      for (const line of error.lines) log.error(line)
      failed = true
    }
  } finally {
    await outputs.close()
    stopWatching()
    isOver = true
  }
  const isWhole = logOutcome(snapshot(), log)
  const endedBy = finished ? undefined : program.shutdown.endedBy
  if (endedBy) {
    const why = endedBy === 'signal' ? 'interrupted: ' : ''
    log.error(`${why}the recording was not replayed to its end`)
  }
  return failed || endedBy || !isWhole || outputs.closeFailed ? 1 : 0
}

/**
 * Logs what became of the messages.
 * @returns whether each was decoded, and given up by no output
 */
function logOutcome(atEnd: Snapshot, log: Logger): boolean {
  logStats(log, atEnd)
  logUndelivered(log, atEnd)
  const undecodable = sumOf(atEnd.entries, (each) => each.undecodable)
  const givenUp = sumOf(atEnd.outputs, ({ counters }) => counters.givenUp)
  return undecodable + givenUp === 0
}

/**
 * Logs what a live program would: there is no live table, so only the log tells of trouble that goes on.
 * @returns ends that
 */
function watchReplay(
  { statsIntervalMs }: ReplayFileSettings,
  snapshot: () => Snapshot,
  { log, screen }: Program,
): () => void {
  const logHolds = createHoldLog(log)
  const logCounters = createStatsLog(log)
  const watch = setInterval(() => {
    logHolds(snapshot())
    log.logRepeats()
  }, WATCH_MS)
  const intervalMs = statsIntervalOf(statsIntervalMs, screen)
  const counters =
    intervalMs > 0 ? setInterval(() => logCounters(snapshot()), intervalMs) : undefined
  return () => {
    clearInterval(watch)
    clearInterval(counters)
  }
}

/** Opens nothing and makes no file where there is nothing to replay. */
async function requireReadable(file: string): Promise<void> {
  if (file === '-') return
  let why: string | undefined
  try {
    await access(file, constants.R_OK)
    if ((await stat(file)).isDirectory()) why = 'it is a folder, not a file'
  } catch (error) {
    why = fileErrorText(error)
  }
  if (why === undefined) return
  const expected = 'expected what --record or --dead_letter wrote'
  throw new StreamError('input-invalid', `${file}: ${why}; ${expected}`)
}

/**
 * Which topics a recording holds is known only at its end. A wrong `.proto` file must be found before
 * anything is delivered.
 */
function requireSchemas({ protoDir }: ReplayFileSettings): void {
  if (protoDir === undefined) return
  for (const topic of classic.TOPICS) loadClassicSchema(topic, { protoDir })
  for (const topic of newCentral.TOPICS) loadSchema(topic, { protoDir })
}

/** A replayed entry in the form of a live one that is open, or has ended. */
function snapshotOf(
  { name, processor, bytes, lastAt }: Replayed,
  { transform }: Outputs,
  isOver: boolean,
): EntrySnapshot {
  const { topic, messages, undecodable, filtered, unknownFields, skippedTexts } = processor
  const progress = {
    frames: messages + undecodable + skippedTexts,
    repeats: 0,
    bytes,
    lastFrameAt: lastAt,
    frameAgeMs: undefined,
    reconnects: 0,
    gapMs: 0,
  }
  return {
    name,
    topic,
    label: name,
    host: '',
    service: serviceOf(topic),
    messages,
    undecodable,
    filtered: transform && filtered,
    unknownFields,
    skippedTexts,
    credentialAge: undefined,
    status: isOver
      ? { type: 'ended', at: lastAt, cause: undefined, ...progress }
      : { type: 'open', since: lastAt, openMs: 0, gapMsBefore: 0, ...progress },
  }
}
