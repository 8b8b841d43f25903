import { createRequire } from 'node:module'

/**
 * Loads a CommonJS library the way it is written; `Library` is its type. An `import` has Node search each
 * of its files for the names it exports first, which for the libraries of a plain run is a tenth of the
 * time to the first record.
 */
export function loadCommonJs<Library>(name: string): Library {
  return requireFromHere(name) as Library
}

const requireFromHere = createRequire(import.meta.url)
