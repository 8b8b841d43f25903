import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TOPICS } from '../src/classic/topics.js'

/** Writes an input file with so many entries, the topics in turn; returns its path. */
export function writeInput(folder: string, entries: number): string {
  const path = join(folder, `${entries}.json`)
  const customers = Object.fromEntries(
    Array.from({ length: entries }, (_, index) => {
      const topic = TOPICS[index % TOPICS.length]
      return [
        `Customer${index}_${topic}`,
        { username: 'bench@example.com', wsskey: `bench-key-${index}`, topic },
      ]
    }),
  )
  writeFileSync(path, JSON.stringify({ customers }), { mode: 0o600 })
  return path
}
