/**
 * `npm run bench`: the figures of docs/benchmarks.md. Some of the parts alone:
 * `npm run bench -- decode startup`.
 */
const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  decode: async () => (await import('./decode.js')).benchDecode(),
  newcentral: async () => (await import('./newcentral.js')).benchNewCentral(),
  rows: async () => (await import('./rows.js')).benchRows(),
  sizes: async () => (await import('./sizes.js')).benchSizes(),
  memory: async () => (await import('./decode-memory.js')).benchDecodeMemory(),
  end: async () => (await import('./end-to-end.js')).benchEndToEnd(),
  reader: async () => (await import('./slow-reader.js')).benchSlowReader(),
  startup: async () => (await import('./start-up.js')).benchStartUp(),
  outputs: async () => (await import('./outputs.js')).benchOutputs(),
  entries: async () => (await import('./entries.js')).benchEntries(),
}

const chosen = process.argv.slice(2)
for (const [name, run] of Object.entries(PARTS)) {
  if (chosen.length === 0 || chosen.includes(name)) await run()
}
