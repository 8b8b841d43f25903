import { readFileSync } from 'node:fs'

type Golden = { readonly topic: string; readonly frame: string }

const FRAMES = readFileSync(new URL('../fixtures/golden/realistic.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line): Golden => JSON.parse(line))

/** The realistic golden frames of a topic. */
export function goldenFrames(topic: string): Buffer[] {
  return FRAMES.filter((golden) => golden.topic === topic).map(({ frame }) =>
    Buffer.from(frame, 'base64'),
  )
}

/** So many golden frames of all topics as lines of a recording, an entry a topic: `A_presence`. */
export function goldenRecording(count: number): string {
  return Array.from({ length: count }, (_, n) => {
    const { topic, frame } = FRAMES[n % FRAMES.length] as Golden
    const received = new Date(Date.UTC(2026, 0, 1) + n).toISOString()
    return `${JSON.stringify({ received, customer: `A_${topic}`, topic, frame })}\n`
  }).join('')
}
