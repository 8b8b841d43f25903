import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Admin, alterUserScramCredentialsV0, Connection } from '@platformatic/kafka'
import { closedPort, isOpen } from './central.js'
import { until } from './clock.js'
import { type Mortal, mortal } from './mortal.js'
import { needs } from './needs.js'
import { certificates } from './tls.js'

const POM = new URL('kafka.pom.xml', import.meta.url)
const [, VERSION] = /<version>(.*)<\/version>/.exec(readFileSync(POM, 'utf8')) ?? []
const JARS = join(homedir(), '.cache', 'aruba-stream', `kafka-${VERSION}`)
/** A small heap, and the compiler that starts quickly. */
const JAVA = [
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-cp',
  `${JARS}/*`,
]
const PARTITIONS = 3
/** Of a partition, the end. */
const LATEST = -1n
/** Kafka's number of the mechanism, and how often it hashes a password at least. */
const SCRAM_SHA_256 = 1
const ITERATIONS = 4096
const CLUSTER_ID = 'aruba-stream-tests-AAA'

/** Why the tests that need a real broker are skipped, or false. */
export const noKafkaBroker: string | false = existsSync(JARS)
  ? needs('java', 'kcat').skip
  : `skipped: no jars of Kafka; run: mvn -q -B -f test/helpers/kafka.pom.xml dependency:copy-dependencies`

/** The login that brokers take on `saslPort`, by PLAIN and by SCRAM. */
export const LOGIN = { KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'hunter2-and-more' } as const

export type KafkaBroker = Mortal & {
  readonly port: number
  readonly saslPort: number
  /** Its certificate is `good` of `certificates()`. */
  readonly tlsPort: number
  /** Ends all connections to `saslPort`. */
  endLogins(): void
  /** Changes the password of the login by SCRAM; connections that are open stay so. */
  setPassword(password: string): Promise<void>
  createTopic(name: string, config?: Record<string, string>): Promise<void>
  deleteTopic(name: string): Promise<void>
  /** The messages of a topic, in the order of each partition. */
  read(topic: string): Promise<KafkaMessage[]>
}

type KafkaMessage = {
  readonly partition: number
  readonly key: string
  readonly payload: string
  /** Names and values by turns. */
  readonly headers: readonly string[]
}

/**
 * Prepares a broker of its own on free ports of loopback, whose store outlives its kills. It runs when
 * `start` was called, and makes no topics by itself.
 */
export async function prepareKafkaBroker(t: {
  after(work: () => Promise<void>): void
}): Promise<KafkaBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-'))
  const file = join(folder, 'server.properties')
  const ports = [await closedPort(), await closedPort(), await closedPort(), await closedPort()]
  const [port = 0, innerSaslPort = 0, tlsPort = 0] = ports
  const relay = await startRelay(innerSaslPort)
  const saslPort = relay.port
  await writeFile(file, await properties(folder, ports, saslPort))
  const scram = `SCRAM-SHA-256=[name=${LOGIN.KAFKA_USERNAME},password=${LOGIN.KAFKA_PASSWORD}]`
  const format = ['format', '-t', CLUSTER_ID, '-c', file, '--add-scram', scram]
  await promisify(execFile)('java', [...JAVA, 'kafka.tools.StorageTool', ...format])

  let broker: Mortal | undefined
  t.after(async () => {
    await broker?.kill()
    relay.close()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    port,
    saslPort,
    tlsPort,
    endLogins: relay.cut,
    kill: async () => broker?.kill(),
    async start() {
      if (broker) await broker.start()
      else broker = await mortal(t, () => spawnBroker(file, [port, innerSaslPort, tlsPort]))
    },
    async setPassword(password) {
      const salt = randomBytes(16)
      const saltedPassword = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256')
      const user = { name: LOGIN.KAFKA_USERNAME, mechanism: SCRAM_SHA_256, iterations: ITERATIONS }
      const connection = new Connection('test')
      await connection.connect('127.0.0.1', port)
      const change = [{ ...user, salt, saltedPassword }]
      await alterUserScramCredentialsV0.api.async(connection, [], change)
      await connection.close()
    },
    async createTopic(name, config = {}) {
      const servers = [`127.0.0.1:${port}`]
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: servers, retries: 20 })
      const configs = Object.entries(config).map(([name, value]) => ({ name, value }))
      const topic = { topics: [name], partitions: PARTITIONS, replicas: 1, configs }
      // A broker that has just started answers before the controller knows of it.
      const make = () =>
        admin.createTopics(topic).then(Boolean, ({ errors = [] }: { errors?: Error[] }) => {
          if (errors.some(({ message }) => message.includes('available brokers'))) return false
          throw new AggregateError(errors, `no topic ${name}`)
        })
      await until(make)
      // The controller knows of the topic before the broker leads its partitions.
      const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({
        partitionIndex,
        timestamp: LATEST,
      }))
      const lead = () => admin.listOffsets({ topics: [{ name, partitions }] })
      await until(() => lead().then(Boolean, () => false))
      await admin.close()
    },
    async deleteTopic(name) {
      const servers = [`127.0.0.1:${port}`]
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: servers, retries: 20 })
      await admin.deleteTopics({ topics: [name] })
      // The broker may know of it for a moment, and loses what it is sent then.
      const gone = () =>
        admin.metadata({ topics: [name], forceUpdate: true }).then(
          () => false,
          () => true,
        )
      await until(gone)
      await admin.close()
    },
    async read(topic) {
      // Another client than the one that wrote.
      const where = ['-b', `127.0.0.1:${port}`, '-t', topic]
      let [stdout, stderr] = ['', '']
      const read = () => {
        const run = spawnSync('kcat', ['-C', '-e', '-q', '-J', ...where], {
          encoding: 'utf8',
          maxBuffer: 2 ** 30,
        })
        ;({ stdout, stderr } = run)
        return run.status === 0
      }
      // It gives up where a partition has no leader at the moment.
      await until(read, () => `kcat reads ${topic}: ${stderr}`)
      const lines = stdout.split('\n').filter((line) => line !== '')
      return lines.map((line) => JSON.parse(line))
    },
  }
}

async function properties(
  folder: string,
  [port, innerSaslPort, tlsPort, controllerPort]: readonly number[],
  saslPort: number,
): Promise<string> {
  const { good } = await certificates()
  const pem = join(folder, 'broker.pem')
  await writeFile(pem, `${good.key}\n${good.cert}\n`)
  const { KAFKA_USERNAME: user, KAFKA_PASSWORD: password } = LOGIN
  const modules = 'org.apache.kafka.common.security'
  const listeners = {
    PLAINTEXT: port,
    SASL_PLAINTEXT: innerSaslPort,
    SSL: tlsPort,
  }
  const urls = (ports: Readonly<Record<string, number | undefined>>) =>
    Object.entries(ports).map(([name, port]) => `${name}://127.0.0.1:${port}`)
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL',
    listeners: urls({ ...listeners, CONTROLLER: controllerPort }),
    'advertised.listeners': urls({ ...listeners, SASL_PLAINTEXT: saslPort }),
    'log.dirs': join(folder, 'data'),
    'num.partitions': PARTITIONS,
    // A broker that was killed is taken back so much later. One that is starved for longer loses its partitions.
    'broker.session.timeout.ms': 4000,
    'broker.heartbeat.interval.ms': 250,
    'auto.create.topics.enable': false,
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required user_${user}="${password}";`,
    'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': pem,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

async function spawnBroker(file: string, ports: readonly number[]): Promise<ChildProcess> {
  // It unpacks a library there, which a kill leaves behind.
  const temporary = `-Djava.io.tmpdir=${dirname(file)}`
  const child = spawn('java', [...JAVA, temporary, 'kafka.Kafka', file], { stdio: 'ignore' })
  for (const port of ports) {
    while (!(await isOpen(port))) {
      if (child.exitCode !== null) throw new Error(`the broker ended: ${child.exitCode}`)
      await sleep(50)
    }
  }
  return child
}

/** Passes connections on to a port, and can cut them: a broker keeps those whose login was changed. */
async function startRelay(target: number) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const inner = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      sockets.add(from)
      from
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(from)
          to.destroy()
        })
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: () => {
      server.close()
      cut()
    },
  }
}
