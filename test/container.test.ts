import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { parseCommandLine } from '../src/commands/command-line.js'
import { VERSION } from '../src/packages.js'
import type { Central } from '../src/simulator/central.js'
import type { CentralSocket } from '../src/simulator/socket.js'
import { startCentral, startSilentServer } from './helpers/central.js'
import { goldenFrames } from './helpers/golden.js'
import { makeKey } from './helpers/keys.js'
import { needs } from './helpers/needs.js'
import { type Program, runProgram } from './helpers/program.js'
import { ROOT, sized } from './helpers/settings.js'
import { tempFolder } from './helpers/temp-folder.js'

const FOLDER = join(ROOT, 'examples/container')
const DOCKERFILE = readFileSync(join(FOLDER, 'Dockerfile'), 'utf8')
/** The user of the image. */
const [, UID = '0', GID = '0'] = /^USER (\d+):(\d+)$/m.exec(DOCKERFILE) ?? []
const [, ENTRYPOINT = '[]'] = /^ENTRYPOINT (.*)$/m.exec(DOCKERFILE) ?? []

/** What these tests read of a manifest. */
type Container = {
  readonly image: string
  readonly command?: readonly string[]
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string }[]
  readonly livenessProbe: { readonly httpGet: { readonly path: string } }
  readonly readinessProbe: { readonly httpGet: { readonly path: string } }
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean }
}
type Deployment = {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly securityContext: { readonly runAsUser: number; readonly runAsNonRoot: boolean }
        readonly initContainers: readonly Container[]
        readonly containers: readonly Container[]
      }
    }
  }
}

/** The documents of a YAML file; one that is wrong throws. */
function yaml<T>(name: string): T[] {
  return parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8'), { merge: true }).map(
    (document) => {
      assert.deepEqual([...document.errors, ...document.warnings], [])
      return document.toJS() as T
    },
  )
}

const [
  {
    spec: {
      template: { spec: POD },
    },
  },
] = yaml<Deployment>('kubernetes.yaml') as [Deployment]

test('the manifest for Kubernetes runs the program as the user of the image, with a read-only root', () => {
  assert.equal(POD.securityContext.runAsUser, Number(UID))
  assert.equal(POD.securityContext.runAsNonRoot, true)
  for (const container of [...POD.initContainers, ...POD.containers]) {
    assert.equal(container.securityContext.readOnlyRootFilesystem, true)
    assert.equal(container.image, `aruba-stream:${VERSION}`)
  }
  // An end takes up to 10 s.
  assert.ok(POD.terminationGracePeriodSeconds > 10)
  assert.equal(POD.containers[0]?.livenessProbe.httpGet.path, '/livez')
  assert.equal(POD.containers[0]?.readinessProbe.httpGet.path, '/readyz')
  assert.ok(POD.containers[0]?.env.some(({ name }) => name === 'ARUBA_STREAM_INSTANCE'))
})

test('the commands in the examples for containers are ones that the program understands', () => {
  const [compose] = yaml<{
    readonly services: { readonly 'aruba-stream': { readonly command: readonly string[] } }
  }>('compose.yaml')
  const command = compose?.services['aruba-stream'].command ?? []
  for (const args of [POD.containers[0]?.args ?? [], command]) {
    const known = args.map((arg) => arg.replace(/^\$\{.*\}$/, 'central.example'))
    assert.equal(parseCommandLine(known, '2.0.0').command, 'stream')
  }
})

test('the containers start again with the machine, at whose shutdown the program ends with 0', () => {
  const [compose] = yaml<{ readonly services: Record<string, { readonly restart: string }> }>(
    'compose.yaml',
  )
  for (const { restart } of Object.values(compose?.services ?? {})) {
    assert.equal(restart, 'unless-stopped')
  }
  const [policy] = /--restart \S+/.exec(readFileSync(join(ROOT, 'docs/operating.md'), 'utf8')) ?? []
  assert.equal(policy, '--restart unless-stopped')
})

test('the image is made of the package alone, which the package itself does not hold', () => {
  assert.deepEqual(DOCKERFILE.match(/^COPY (?!--from).*$/gm), ['COPY aruba-stream-*.tgz /tmp/'])
  const ignored = readFileSync(join(FOLDER, 'Dockerfile.dockerignore'), 'utf8')
  assert.deepEqual(ignored.match(/^[^#\n].*$/gm), ['*', '!aruba-stream-*.tgz'])
  const [compose] = yaml<{
    readonly services: { readonly 'aruba-stream': { readonly build: string } }
  }>('compose.yaml')
  assert.equal(compose?.services['aruba-stream'].build, '.')
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  assert.ok(files.includes('!examples/container/*.tgz'))
})

/** Why the root of the image cannot be tried here, or false. */
function noNamespaces(): string | false {
  const missing = needs('unshare', 'chroot', 'npm').skip
  if (missing) return missing
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', 'true'])
  return status === 0 ? false : 'skipped: this user may not make namespaces'
}

const skip = sized(0, 1) === 0 ? 'only with npm run test:full' : noNamespaces()

/** The root of the image, made by the Dockerfile's own steps, without the packages of outputs. */
function buildRoot(t: TestContext): string {
  const root = tempFolder(t)
  chmodSync(root, 0o755)
  for (const name of ['usr', 'etc', 'proc', 'dev', 'data', 'secret', 'kept', 'opt/bin', 'tmp']) {
    mkdirSync(join(root, name), { recursive: true })
  }
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name))
  writeFileSync(join(root, 'opt/bin/node'), '')
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', join(root, 'tmp')]
  execFileSync('npm', pack, { cwd: ROOT })
  const steps = [...DOCKERFILE.matchAll(/^RUN (npm install .*)$/gm)]
  assert.equal(steps.length, 1)
  for (const [, step = ''] of steps) {
    const here = step.replaceAll('/tmp', join(root, 'tmp')).replaceAll('/opt', join(root, 'opt'))
    execFileSync('sh', ['-c', here], { cwd: ROOT, env: { ...process.env, PACKAGES: '' } })
  }
  return root
}

/** Mounts what the image's base has, and starts the program as process 1, with all but /data read-only. */
const ENTER = `set -e
root=$1 data=$2 node=$3
shift 3
mount --rbind "$root" "$root"
for name in usr etc dev; do mount --rbind "/$name" "$root/$name"; done
mount --bind "$node" "$root/opt/bin/node"
mount -o remount,ro,bind "$root"
mount --bind "$data" "$root/data"
mount -t proc proc "$root/proc"
export PATH=/opt/bin:/usr/sbin:/usr/bin:/bin
exec chroot --userspec=${UID}:${GID} "$root" sh -c 'cd /data && exec "$@"' sh "$@"
`

/** Runs the program in a container, with the entry point of the image. */
function runContainer(t: TestContext, root: string, data: string, args: readonly string[]) {
  const enter = join(tempFolder(t), 'enter.sh')
  writeFileSync(enter, ENTER)
  const [, script = ''] = JSON.parse(ENTRYPOINT) as string[]
  const program = runProgram(t, args, {
    script,
    shell: `node=$1; shift; exec unshare --mount --pid --fork --kill-child sh ${enter} ${root} ${data} "$node" node "$@"`,
  })
  const { pid } = program.child
  return {
    program,
    /** What process 1 is outside of the container. */
    processOne: () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')),
  }
}

/** The socket that the program opens; rejects where the program ends before. */
function opened(central: Central, { result }: Program): Promise<CentralSocket> {
  const early = result.then(({ code, stderr }) => assert.fail(`it ended with ${code}: ${stderr}`))
  early.catch(() => {})
  return Promise.race([central.waitForSocket({ topic: 'presence' }), early])
}

/** A key that Central has renewed, in an input file that the manifest's first step has copied. */
async function copiedInput(t: TestContext, central: Central, data: string): Promise<string> {
  const [old, renewed] = [makeKey('old'), makeKey('renewed')]
  central.keys.renew(old, renewed)
  const secret = tempFolder(t)
  const customers = { A: { wsskey: old, topic: 'presence' } }
  writeFileSync(join(secret, 'input.json'), JSON.stringify({ customers }), { mode: 0o440 })
  const [copy = '', ...args] = POD.initContainers[0]?.command ?? []
  execFileSync(
    copy,
    args.map((arg) => arg.replace(/^\/secret/, secret).replace(/^\/data/, data)),
  )
  for (const path of [data, join(data, 'input.json')]) chownSync(path, Number(UID), Number(GID))
  return renewed
}

test('in a container the program saves a renewed key, writes to /data alone, and ends in time as process 1', {
  skip,
}, async (t) => {
  const central = await startCentral(t)
  const { port } = await startSilentServer(t)
  const root = buildRoot(t)
  const data = tempFolder(t)
  const renewed = await copiedInput(t, central, data)
  const args = ['--hostname', central.url, '--jsoninput', 'input.json']
  const frames = goldenFrames('presence')

  await t.test('a renewed key is saved, and SIGTERM ends it', async (t) => {
    const written = [...args, '--export_data', 'json:r.ndjson']
    const { program, processOne } = runContainer(t, root, data, written)
    const socket = await opened(central, program)
    assert.equal(socket.key, renewed)
    const { uid, mode } = statSync(join(data, 'input.json'))
    assert.deepEqual([uid, mode & 0o777], [Number(UID), 0o600])
    assert.match(readFileSync(join(data, 'input.json'), 'utf8'), new RegExp(renewed))
    await socket.sendAll(frames)
    process.kill(processOne(), 'SIGTERM')
    assert.equal((await program.result).code, 0)
    assert.equal(linesOf(join(data, 'r.ndjson')), frames.length)
  })

  await t.test('a file outside of /data is an error before any socket opens', async (t) => {
    const outside = [...args, '--export_data', 'json:/opt/r.ndjson']
    const { code, stderr } = await runContainer(t, root, data, outside).program.result
    assert.equal(code, 2)
    assert.match(stderr, /\/opt\/r\.ndjson.*read-only/)
  })

  await t.test('with an output that hangs it ends before it would be killed', async (t) => {
    const sink = ['--export_data', `http://127.0.0.1:${port}/in`, '--dead_letter', 'kept.ndjson']
    const { program, processOne } = runContainer(t, root, data, [...args, ...sink])
    const socket = await opened(central, program)
    await socket.sendAll(frames)
    process.kill(processOne(), 'SIGTERM')
    const graceMs = POD.terminationGracePeriodSeconds * 1000
    const killer = setTimeout(() => process.kill(processOne(), 'SIGKILL'), graceMs)
    const { code } = await program.result
    clearTimeout(killer)
    assert.equal(code, 1)
    assert.equal(linesOf(join(data, 'kept.ndjson')), frames.length)
  })
})

const linesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n').length
