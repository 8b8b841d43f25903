import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Output } from '../../src/outputs/output.js'
import type { StreamMessage } from '../../src/service.js'
import { until } from './clock.js'
import { seededRandom } from './random.js'

/** A receiver in a process of its own, which can be killed, and started where it does not run. */
export type Mortal = { kill(): Promise<void>; start(): Promise<void> }

/** @param start starts the process and resolves when it listens */
export async function mortal(
  t: { after(work: () => Promise<void>): void },
  start: () => Promise<ChildProcess>,
): Promise<Mortal> {
  let child = await start()
  const kill = () => killChild(child)
  t.after(kill)
  return {
    kill,
    start: async () => {
      if (child.exitCode === null && child.signalCode === null) return
      child = await start()
    },
  }
}

/** Kills a process where it runs, and waits until it is gone. */
export async function killChild(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** Starts one of the receivers beside this file, which prints a line when it listens. */
export async function startReceiver(
  script: string,
  port: number,
  file: string,
): Promise<ChildProcess> {
  const path = new URL(script, import.meta.url).pathname
  let child: ChildProcess | undefined
  // Another test may hold the port: they look for free ones while a receiver is down.
  await until(
    async () => {
      const started = spawn(process.execPath, [path, String(port), file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      child = started
      const listens = once(started.stdout, 'data').then(() => true)
      return Promise.race([listens, once(started, 'close').then(() => false)])
    },
    () => `${script} listens; it ended with ${child?.exitCode}`,
  )
  return child as ChildProcess
}

/**
 * Writes messages to an output while the receiver is killed and started again at random places among them.
 * @param paceMs a pause after every 100 messages, milliseconds; 0: as fast as the output takes them
 * @param arrived resolves when the receiver has a message; the one before each kill is waited for
 */
export async function exportUnderKills(
  output: Output,
  messages: readonly StreamMessage[],
  receiver: Mortal,
  { kills = 10, paceMs = 0, arrived = async (_message: StreamMessage) => {} } = {},
): Promise<void> {
  const random = seededRandom(messages.length)
  const stretch = Math.floor(messages.length / kills)
  const places = new Set(
    Array.from({ length: kills }, (_, i) => Math.floor((i + random() * 0.9) * stretch)),
  )
  let mishap = Promise.resolve()
  for (const [at, message] of messages.entries()) {
    if (places.has(at)) {
      await mishap
      const before = messages[at - 1]
      if (before) await arrived(before)
      mishap = (async () => {
        await sleep(random() * 20)
        await receiver.kill()
        await sleep(random() * 100)
        await receiver.start()
      })()
    }
    await output.write([message])
    if (paceMs > 0 && at % 100 === 0) await sleep(paceMs)
  }
  await mishap
  await output.close()
}
