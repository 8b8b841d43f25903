import { spawnSync } from 'node:child_process'

/** The environment in which programs of the system are found, those of `/usr/sbin` too. */
export const SYSTEM_ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }

/** The path of a program, which must be there. */
export function whereIs(program: string): string {
  const command = ['-c', `command -v ${program}`]
  return spawnSync('sh', command, { env: SYSTEM_ENV, encoding: 'utf8' }).stdout.trim()
}

/** For a test that needs these programs: why it is skipped, or false. */
export function needs(...programs: readonly string[]): { skip: string | false } {
  const missing = programs.filter(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`], { env: SYSTEM_ENV }).status !== 0,
  )
  return { skip: missing.length > 0 && `skipped: ${missing.join(', ')} not installed` }
}
