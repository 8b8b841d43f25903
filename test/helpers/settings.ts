import { fileURLToPath } from 'node:url'

/**
 * What the environment may tell a run of the tests:
 * - `ARUBA_STREAM_TEST_SIZE=full` (`npm run test:full`): kills, soaks and chaos at full size;
 * - `ARUBA_STREAM_TEST_SEED=N`: other chance, the same in each run with this number;
 * - `ARUBA_STREAM_CLI=FILE`: another build of the program, an installed one for example.
 */
const { ARUBA_STREAM_TEST_SIZE, ARUBA_STREAM_TEST_SEED, ARUBA_STREAM_CLI } = process.env

/** The built program. */
export const CLI = ARUBA_STREAM_CLI ?? fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** What all chance in the tests begins with. */
export const SEED = Number(ARUBA_STREAM_TEST_SEED ?? 1)

/** How often a test repeats something: `quick` times in `npm test`, `full` times in `npm run test:full`. */
export function sized(quick: number, full: number): number {
  return ARUBA_STREAM_TEST_SIZE === 'full' ? full : quick
}
