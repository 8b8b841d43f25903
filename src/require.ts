import { createRequire } from 'node:module'

/**
 * Loads a CommonJS library the way it is written. An `import` has Node search each of its files for the
 * names it exports first, which for the libraries of a plain run is a tenth of the time to the first
 * record.
 */
export const require = createRequire(import.meta.url)
