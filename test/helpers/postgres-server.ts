import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, readdirSync } from 'node:fs'
import { appendFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { closedPort } from './central.js'
import { type Mortal, mortal } from './mortal.js'

/** Where Debian keeps the programs of the newest version; elsewhere they are in the path. */
function findPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql'
  let versions: string[] = []
  try {
    versions = readdirSync(debian)
  } catch {}
  const newest = versions
    .map(Number)
    .filter(Boolean)
    .sort((a, b) => b - a)[0]
  if (newest !== undefined) return join(debian, String(newest), 'bin')
  return spawnSync('initdb', ['--version']).status === 0 ? '' : undefined
}

const PROGRAMS = findPrograms()

/** Why the tests that need a real server are skipped, or false. */
export const noPostgres: string | false =
  PROGRAMS !== undefined
    ? false
    : 'skipped: PostgreSQL is not installed (Debian: apt-get install postgresql)'

export type PostgresServer = Mortal & {
  readonly port: number
  /** A folder that the server can read. */
  readonly folder: string
  /** The user that it runs as, where that is another one. */
  readonly uid: number | undefined
  /** Makes an empty database. */
  createDatabase(name: string): Promise<void>
  /** Runs statements as the superuser `postgres`, over a connection that is closed after it. */
  query(database: string, text: string): Promise<Record<string, unknown>[]>
  /** Lines of `pg_hba.conf`, read again by the server where it runs. */
  allow(rules: string): Promise<void>
  /** Adds lines to `postgresql.conf`; they hold from the next start on. */
  configure(lines: string): Promise<void>
}

const HBA = 'host all postgres 127.0.0.1/32 trust\n'
/** The server need not survive a power cut; a SIGKILL loses nothing that it has written. */
const CONFIG = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
max_connections = 40
shared_buffers = 32MB
log_min_messages = fatal
`
const TRUST_ALL = 'host all all 127.0.0.1/32 trust\n'

/** The server refuses to run as root. */
function asPostgres(): SpawnOptions {
  if (process.getuid?.() !== 0) return {}
  const id = (option: string) => Number(spawnSync('id', [option, 'postgres']).stdout.toString())
  return { uid: id('-u'), gid: id('-g') }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const path = join(PROGRAMS ?? '', program)
  const child = spawn(path, args, {
    ...asPostgres(),
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`)
}

/**
 * Makes a cluster in a temporary folder, with a free port of loopback. It outlives its kills.
 * @param running false: the server is started by `start` later
 */
export async function startPostgres(
  t: TestContext,
  { running = true, config = '' } = {},
): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'))
  let server: Mortal | undefined
  t.after(async () => {
    await server?.kill()
    await removeFolder(folder)
  })
  const { uid, gid } = asPostgres()
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
  const data = join(folder, 'data')
  const port = await closedPort()
  await run('initdb', [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ])
  await appendFile(join(data, 'postgresql.conf'), `port = ${port}\n${CONFIG}\n${config}\n`)
  const configure = (lines: string) => appendFile(join(data, 'postgresql.conf'), `${lines}\n`)
  const hba = (rules: string) => writeFile(join(data, 'pg_hba.conf'), HBA + rules)
  await hba(TRUST_ALL)

  const log = join(folder, 'log')
  let child: ChildProcess | undefined
  const launch = async () => {
    child = await spawnServer(data, log, port)
    return child
  }
  const start = async () => {
    if (server) await server.start()
    else server = await mortal(t, launch)
  }
  if (running) await start()

  const query: PostgresServer['query'] = async (database, text) => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      database,
      user: 'postgres',
      ssl: false,
    })
    client.on('error', () => {})
    await client.connect()
    try {
      const result = await client.query(text)
      return (Array.isArray(result) ? result.at(-1) : result).rows
    } finally {
      await client.end()
    }
  }
  return {
    ...{ port, folder, uid },
    start,
    kill: async () => server?.kill(),
    query,
    configure,
    createDatabase: async (name) => {
      await query('postgres', `create database ${name}`)
    },
    allow: async (rules) => {
      await hba(rules)
      child?.kill('SIGHUP')
    },
  }
}

/** Starts the server, and again while processes of the one before still hold its memory. */
async function spawnServer(data: string, log: string, port: number): Promise<ChildProcess> {
  for (;;) {
    const out = await open(log, 'w')
    const path = join(PROGRAMS ?? '', 'postgres')
    const child = spawn(path, ['-D', data], {
      ...asPostgres(),
      cwd: tmpdir(),
      stdio: ['ignore', out.fd, out.fd],
    })
    await out.close()
    while (child.exitCode === null && child.signalCode === null) {
      if (await answers(port)) return child
      await sleep(20)
    }
    const said = await readFile(log, 'utf8')
    if (!/still in use|is another postmaster|already exists|in use/i.test(said)) {
      throw new Error(`postgres ended: ${said.slice(-2000)}`)
    }
    await sleep(50)
  }
}

async function answers(port: number): Promise<boolean> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    database: 'postgres',
    user: 'postgres',
    ssl: false,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

/** Processes of a killed server may still write for a moment. */
async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}
