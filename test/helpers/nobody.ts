import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { LOADER } from './settings.js'

/** Uid and gid of `nobody` on Linux; any that owns nothing will do. */
const NOBODY = 65534

/**
 * Runs code as a user without rights, also where the tests run as root, whom no permission stops.
 * @param module URL of the module that is imported first, while that is still allowed
 * @param code works on `module` and `args`; what it logs is the result
 */
export async function runAsNobody(
  module: URL,
  code: string,
  args: readonly string[],
): Promise<string> {
  const script = `
    const module = await import(${JSON.stringify(module.href)})
    const args = ${JSON.stringify(args)}
    if (process.getuid?.() === 0) {
      process.setgroups([])
      process.setgid(${NOBODY})
      process.setuid(${NOBODY})
    }
    ${code}`
  const argv = [...LOADER, '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, argv)
  return stdout
}
