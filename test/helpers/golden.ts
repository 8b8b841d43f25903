import { readFileSync } from 'node:fs'
import type { Topic } from '../../src/classic/topics.js'

/** A frame, and what Python's protobuf makes of it. */
type Golden = {
  readonly topic: Topic
  readonly frame: Buffer
  /** What is special about a frame of `edge`. */
  readonly kind?: string
  readonly decoded: {
    readonly topic: Topic
    readonly timestamp: string
    readonly customer_id: string
    readonly msp_ip: string
    readonly data: Readonly<Record<string, unknown>>
  }
}

/** Numbers count as numbers, so -0 and 0 agree. */
export function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** The files of golden frames, and how many each holds. */
export const GOLDEN_FILES = { realistic: 120, edge: 120, evolved: 72 } as const

/** The golden frames of a file. */
export function golden(name: keyof typeof GOLDEN_FILES): Golden[] {
  const path = new URL(`../fixtures/golden/${name}.jsonl`, import.meta.url)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const { frame, ...rest } = JSON.parse(line)
    return { ...rest, frame: Buffer.from(frame, 'base64') }
  })
}

/** The golden frames of all files. */
export function allGolden(): Golden[] {
  return [...golden('realistic'), ...golden('edge'), ...golden('evolved')]
}

/** The realistic golden frames of a topic. */
export function goldenFrames(topic: string): Buffer[] {
  return golden('realistic')
    .filter((each) => each.topic === topic)
    .map(({ frame }) => frame)
}

/** So many golden frames of all topics as lines of a recording, an entry a topic: `A_presence`. */
export function goldenRecording(count: number): string {
  const frames = golden('realistic')
  return Array.from({ length: count }, (_, n) => {
    const { topic, frame } = frames[n % frames.length] as Golden
    const received = new Date(Date.UTC(2026, 0, 1) + n).toISOString()
    const line = { received, customer: `A_${topic}`, topic, frame: frame.toString('base64') }
    return `${JSON.stringify(line)}\n`
  }).join('')
}
