import { basename, delimiter, dirname, isAbsolute, relative } from 'node:path'
import { shellWord } from '../text.js'

type Call = {
  /** The file that Node was started with, absolute: links in it are as the shell found them. */
  readonly script: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

/** What a user writes to call the program once more in the same way, in the same folder. */
export function calledAs({ script, env, cwd }: Call): string {
  // npx adds the folder of the program to PATH, for this process alone.
  if (env.npm_command === 'exec') return 'npx aruba-stream'
  const folders = (env.PATH ?? '').split(delimiter)
  const name = basename(script)
  if (name === 'aruba-stream' && folders.includes(dirname(script))) return name
  const near = relative(cwd, script)
  const path = near.startsWith('..') || isAbsolute(near) ? script : near
  if (/\.[cm]?js$/.test(path)) return `node ${shellWord(path)}`
  return shellWord(path.includes('/') ? path : `./${path}`)
}
