import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * What the environment may tell a run of the tests:
 * - `ARUBA_STREAM_TEST_SIZE=full` (`npm run test:full`): kills, soaks and chaos at full size;
 * - `ARUBA_STREAM_TEST_SEED=N`: other chance, the same in each run with this number;
 * - `ARUBA_STREAM_CLI=FILE`: another build of the program, an installed one for example.
 */
const { ARUBA_STREAM_TEST_SIZE, ARUBA_STREAM_TEST_SEED, ARUBA_STREAM_CLI } = process.env

/** The project's folder: compiled tests run from `build/`, which links to it. */
export const ROOT = dirname(realpathSync(new URL('../../package.json', import.meta.url)))

/** Options of Node for a child that runs a file of the tests: TypeScript needs tsx. */
export const LOADER: readonly string[] = import.meta.url.endsWith('.ts') ? ['--import', 'tsx'] : []

/** The built program. */
export const CLI = ARUBA_STREAM_CLI ?? join(ROOT, 'dist/cli.js')

/** What all chance in the tests begins with. */
export const SEED = Number(ARUBA_STREAM_TEST_SEED ?? 1)

/** How often a test repeats something: `quick` times in `npm test`, `full` times in `npm run test:full`. */
export function sized(quick: number, full: number): number {
  return ARUBA_STREAM_TEST_SIZE === 'full' ? full : quick
}

/** Where no package is found, whatever lies in the folders of the tests and in those above them. */
export const NOWHERE = '/nowhere/package.json'
