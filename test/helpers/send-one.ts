import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { LOADER } from './settings.js'

/**
 * Exports one message in a process of its own, with other environment variables: Node reads some,
 * `NODE_EXTRA_CA_CERTS` for one, at its start alone.
 * @returns the output's counters as JSON, or the error that it was refused with
 */
export function sendOne(target: string, env: Record<string, string>): Promise<string> {
  const script = new URL('send-one-main.js', import.meta.url).pathname
  const child = spawn(process.execPath, [...LOADER, script, target], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return text(child.stdout)
}
