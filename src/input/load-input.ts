import { StreamError } from '../errors.js'
import { maskTokens, printable } from '../text.js'
import { checkInput } from './check-input.js'
import type { InputEntry } from './entries.js'
import { parseJson } from './parse-json.js'
import { type ReadOptions, readText } from './read-text.js'
import { UnreadableFile } from './unreadable-file.js'

/** Permissions of group and others to read. */
const READABLE_BY_OTHERS = 0o044

/** A valid input file. */
export type InputFile = {
  readonly entries: InputEntry[]
  /** For the log: sentences about what is allowed but unwise. */
  readonly warnings: string[]
}

/**
 * Reads and checks the input file.
 * @param path relative to the current folder, or absolute
 * @throws StreamError `input-invalid` whose `problems` are all that is wrong, each with file and place;
 *   none shows a key; the signal's reason as soon as it aborts
 */
export async function loadInput(path: string, options: ReadOptions = {}): Promise<InputFile> {
  const shown = printable(maskTokens(path))
  try {
    const { text, stats } = await readText(path, options)
    const { root, fault } = parseJson(text)
    if (fault !== undefined) throw invalid(shown, [fault])
    const { entries, problems } = checkInput(root, text)
    if (problems.length > 0) throw invalid(shown, problems)
    const mode = Number(stats.mode) & 0o7777
    const open = stats.isFile() && (mode & READABLE_BY_OTHERS) !== 0
    return { entries, warnings: open ? [openToOthers(shown, mode)] : [] }
  } catch (error) {
    if (error instanceof UnreadableFile) throw invalid(shown, [error.message])
    throw error
  }
}

function invalid(path: string, found: readonly string[]): StreamError {
  const problems = found.map((problem) => `${path}: ${problem}`)
  const [first = path] = problems
  const message = problems.length > 1 ? `${path}: ${problems.length} problems` : first
  return new StreamError('input-invalid', message, { problems })
}

function openToOthers(path: string, mode: number): string {
  const digits = mode.toString(8).padStart(4, '0')
  return `${path}: other users of this machine can read it (mode ${digits}), and it holds keys; chmod 600 mends that`
}
