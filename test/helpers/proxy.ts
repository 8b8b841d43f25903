import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { closedPort, isOpen } from './central.js'
import { until } from './clock.js'
import { killChild } from './mortal.js'
import { listen } from './tcp-server.js'
import { tempFolder } from './temp-folder.js'

/** Whom the proxies let through. */
export const PROXY_USER = 'proxy-user'
export const PROXY_PASSWORD = 'p4ss-w0rd'
const BEFORE = { ...process.env }
const NAMES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY']

/** Sets what the environment says about proxies, until the test ends; what is not given is unset. */
export function setProxies(t: TestContext, values: Readonly<Record<string, string>>): void {
  for (const name of NAMES.flatMap((upper) => [upper, upper.toLowerCase()])) {
    const set = (value: string | undefined) => {
      delete process.env[name]
      if (value !== undefined) process.env[name] = value
    }
    set(values[name])
    // A test may set them several times.
    t.after(() => set(BEFORE[name]))
  }
}

type Proxy = {
  readonly port: number
  readonly log: () => Promise<string>
  /** Ends the proxy, and with it what goes through it. */
  readonly kill: () => Promise<void>
}

/** How each real proxy is configured to ask for user and password, and is started. */
const PROXIES = {
  tinyproxy: (folder: string, port: number) => ({
    config: [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Timeout 60',
      'LogLevel Connect',
      `LogFile "${join(folder, 'log')}"`,
      `BasicAuth ${PROXY_USER} ${PROXY_PASSWORD}`,
    ],
    args: ['-d', '-c', join(folder, 'config')],
  }),
  squid: (folder: string, port: number) => ({
    config: [
      `http_port 127.0.0.1:${port}`,
      `auth_param basic program ${join(folder, 'helper')}`,
      'acl known proxy_auth REQUIRED',
      'http_access allow known',
      'http_access deny all',
      'cache deny all',
      'shutdown_lifetime 0 seconds',
      `access_log stdio:${join(folder, 'log')}`,
      'cache_log /dev/null',
      `pid_filename ${join(folder, 'pid')}`,
      `coredump_dir ${folder}`,
      'pinger_enable off',
    ],
    args: ['-N', '-f', join(folder, 'config')],
  }),
} as const

/** The proxies that Debian has as a package. */
type ProxyName = keyof typeof PROXIES

/** Path of a proxy's program; empty where it is not installed. */
export const installedProxy = (name: ProxyName) =>
  spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin" command -v ${name}`], {
    encoding: 'utf8',
  }).stdout.trim()

/** Starts a real proxy that asks for user and password; it ends with the test. */
export async function startRealProxy(t: TestContext, name: ProxyName): Promise<Proxy> {
  let child: ChildProcess | undefined
  // Before its folder is removed.
  t.after(() => killChild(child))
  const folder = tempFolder(t)
  // Started as root, the proxies become another user.
  await chmod(folder, 0o777)
  const port = await closedPort()
  const { config, args } = PROXIES[name](folder, port)
  await writeFile(join(folder, 'config'), `${config.join('\n')}\n`)
  // squid asks a helper about each user: a line of user and password, answered by OK or ERR.
  await writeFile(
    join(folder, 'helper'),
    `#!/bin/sh\nwhile read -r line; do\n  [ "$line" = '${PROXY_USER} ${PROXY_PASSWORD}' ] && echo OK || echo ERR\ndone\n`,
    { mode: 0o755 },
  )
  child = spawn(installedProxy(name), args, { stdio: 'ignore' })
  await until(() => {
    assert.equal(child?.exitCode, null, 'the proxy ended')
    return isOpen(port)
  })
  return { port, log: () => readFile(join(folder, 'log'), 'utf8'), kill: () => killChild(child) }
}

type ProxyOptions = {
  /** What it answers to CONNECT in place of a tunnel, head and body; null for no answer at all. */
  readonly answer?: string | null
}

/** A proxy that knows CONNECT alone. */
type TestProxy = {
  readonly url: string
  /** The heads of all requests so far. */
  readonly requests: string[]
  /** Connections of clients that are open now. */
  readonly open: ReadonlySet<Socket>
}

/** Starts a proxy that is closed when the test ends. */
export async function startProxy(t: TestContext, options: ProxyOptions = {}): Promise<TestProxy> {
  const requests: string[] = []
  const open = new Set<Socket>()
  const server = createServer((client) => {
    open.add(client)
    client.on('close', () => open.delete(client)).on('error', () => {})
    client.once('data', (head) => {
      requests.push(head.toString())
      if (options.answer === null) client.resume()
      else if (options.answer !== undefined) client.end(options.answer)
      else tunnel(client, head.toString())
    })
  })
  return { url: `http://127.0.0.1:${await listen(t, server)}`, requests, open }
}

function tunnel(client: Socket, head: string): void {
  const [, host = '', port = ''] = /^CONNECT ([^ ]+):(\d+) /.exec(head) ?? []
  const server = connect(Number(port), host, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    client.pipe(server).pipe(client)
  })
  server.on('error', () => client.destroy()).on('close', () => client.destroySoon())
  client.on('close', () => server.destroy())
}
