import type { CheckResult } from './check-entries.js'

/**
 * The exit code of `check`: 2 where the file is wrong, 1 where Central could not be asked about all
 * of it, 3 where it refused any entry, 0 where all is in order. 1 goes before 3.
 */
export function checkExitCode(
  results: readonly CheckResult[],
  problems: readonly string[] = [],
): 0 | 1 | 2 | 3 {
  if (problems.length > 0) return 2
  const codes = results.flatMap(({ faults }) => faults.map((fault) => fault.exitCode))
  if (codes.includes(2)) return 2
  if (codes.includes(1)) return 1
  return codes.includes(3) ? 3 : 0
}
