import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from '../../test/helpers/settings.js'

const COPIED = ['dist', 'proto', 'page', 'package.json']
/** Lines of the log that are kept: the last warnings and errors. */
const KEPT = 20

/**
 * Copies the built program, so that a build meanwhile does not change what runs.
 * @returns its `cli.js`
 */
export function copyProgram(folder: string): string {
  mkdirSync(folder)
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'dist/cli.js')
}

/** The program in a process of its own, and what its log says, counted. */
export class SoakProgram {
  readonly pid: number
  /** By level and code. */
  readonly log: Record<string, number> = {}
  readonly trouble: string[] = []
  readonly ended: Promise<readonly [code: number | null, signal: string | null]>
  /** Lines with a secret in them. */
  leaks = 0
  hasEnded = false
  readonly #child: ChildProcess

  /** @param secrets what no line of the log may have */
  constructor(cli: string, args: readonly string[], secrets: () => readonly string[]) {
    const node = [cli, ...args, '--log_format', 'json']
    this.#child = spawn(process.execPath, node, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.pid = this.#child.pid ?? 0
    this.ended = once(this.#child, 'exit') as Promise<[number | null, string | null]>
    this.#child.once('exit', () => {
      this.hasEnded = true
    })
    if (!this.#child.stderr) return
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      if (secrets().some((secret) => line.includes(secret))) this.leaks += 1
      else this.#count(line)
    })
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.hasEnded) this.#child.kill(signal)
  }

  #count(line: string): void {
    const { level = 'no JSON', code = '' } = line.startsWith('{') ? JSON.parse(line) : {}
    const kind = `${level} ${code}`.trim()
    this.log[kind] = (this.log[kind] ?? 0) + 1
    if (level === 'info' || level === 'debug') return
    this.trouble.push(line)
    if (this.trouble.length > KEPT) this.trouble.shift()
  }
}
