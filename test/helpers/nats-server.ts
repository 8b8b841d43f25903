import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { closedPort } from './central.js'
import { until } from './clock.js'
import { mortal } from './mortal.js'
import { tempFolder } from './temp-folder.js'

/** Why the tests that need a real server are skipped, or false. */
export const noNatsServer: string | false =
  spawnSync('nats-server', ['--version']).error === undefined
    ? false
    : 'skipped: nats-server is not installed (Debian: apt-get install nats-server)'

export type NatsServer = {
  readonly port: number
  /** A connection of the test's own; a new one each time, since it may not outlive a kill. */
  manager(): Promise<JetStreamManager>
  kill(): Promise<void>
  /** Starts it again, with other lines of configuration where told. */
  start(config?: string): Promise<void>
  /** What it has logged since its last start. */
  log(): Promise<string>
}

/**
 * Starts a server with JetStream on a free port of loopback, whose store outlives its kills.
 * @param config more lines of its configuration file
 */
export async function startNatsServer(
  t: Pick<TestContext, 'after'>,
  { config = '', jetstream = true, user = '', pass = '' } = {},
): Promise<NatsServer> {
  let kill = async () => {}
  // Before its folder is removed.
  t.after(() => kill())
  const folder = tempFolder(t)
  const [file, log] = [join(folder, 'server.conf'), join(folder, 'log')]
  const port = await closedPort()
  const store = jetstream ? `jetstream { store_dir: "${folder}" }` : ''
  const configure = (more: string) =>
    writeFile(file, `listen: "127.0.0.1:${port}"\n${store}\n${more}\n`)
  await configure(config)
  const server = await mortal(t, () => spawnServer(file, log))
  kill = server.kill
  return {
    port,
    manager: async () => {
      const connection = await connect({
        servers: `127.0.0.1:${port}`,
        ...(user ? { user, pass } : {}),
      })
      t.after(() => connection.close())
      // The server shares the machine with everything that loads it.
      return jetstreamManager(connection, { checkAPI: false, timeout: 60_000 })
    },
    kill: server.kill,
    start: async (more = config) => {
      await configure(more)
      await server.start()
    },
    log: () => readFile(log, 'utf8'),
  }
}

async function spawnServer(config: string, log: string): Promise<ChildProcess> {
  await rm(log, { force: true })
  const child = spawn('nats-server', ['-c', config, '-l', log], { stdio: 'ignore' })
  await until(async () => {
    const text = await readFile(log, 'utf8').catch(() => '')
    if (child.exitCode !== null) throw new Error(`nats-server ended: ${text}`)
    return text.includes('Server is ready')
  })
  return child
}
