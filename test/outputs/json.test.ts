import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openJson } from '../../src/outputs/json.js'
import { openOutput } from '../../src/outputs/open-output.js'
import { until } from '../helpers/clock.js'
import { fakeContext, fakeMessage, isPending } from '../helpers/export-fakes.js'
import { LOADER, sized } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'

test('json appends lines to a file that only its owner may read', async (t) => {
  const path = join(tempFolder(t), 'out.ndjson')
  const messages = [1, 2, 3].map((n) => fakeMessage('A', n))
  for (const message of messages) {
    const context = fakeContext()
    const output = await openOutput(`json:${path}`, context)
    await output.write([message])
    await output.close()
    assert.deepEqual(context.counters, {
      delivered: 1,
      retried: 0,
      givenUp: 0,
      kept: 0,
      waiting: 0,
    })
  }
  assert.equal(readFileSync(path, 'utf8'), messages.map(({ line }) => line).join(''))
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('json closes off a last line that a crash tore', async (t) => {
  const path = join(tempFolder(t), 'out.ndjson')
  writeFileSync(path, '{"n":1}\n{"n":', { mode: 0o640 })
  const output = await openJson(path, fakeContext())
  await output.close()
  assert.equal(readFileSync(path, 'utf8'), '{"n":1}\n{"n":\n')
  assert.equal(statSync(path).mode & 0o777, 0o640, 'an existing file keeps its mode')
})

test('json makes one file for each entry in a folder, with safe names', async (t) => {
  const folder = join(tempFolder(t), 'a/b/')
  const context = fakeContext()
  const output = await openJson(folder, context)
  const names = ['acme', '../../etc/passwd', '.', 'Café\n', 'a/b', 'a%2Fb', '', 'x'.repeat(300)]
  for (const name of names) await output.write([fakeMessage(name, 1)])
  await output.write([fakeMessage('acme', 2)])
  await output.close()
  const files = readdirSync(folder)
  assert.equal(files.length, names.length)
  for (const file of [
    'acme',
    '%2E.%2F..%2Fetc%2Fpasswd',
    '%2E',
    'Caf%C3%A9%0A',
    'a%2Fb',
    'a%252Fb',
    '%',
  ]) {
    assert.ok(files.includes(`${file}.ndjson`), `${file} in ${files}`)
  }
  assert.equal(readFileSync(join(folder, 'acme.ndjson'), 'utf8').split('\n').length, 3)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(context.counters.delivered, names.length + 1)
})

test('json says what is wrong with a path that cannot be used', async (t) => {
  const folder = tempFolder(t)
  writeFileSync(join(folder, 'file'), '')
  mkdirSync(join(folder, 'sub'))
  const cases: readonly [path: string, shown: RegExp][] = [
    [join(folder, 'none/out.ndjson'), /the folder ".*none" does not exist; create it first/],
    [join(folder, 'sub'), /"\/.*sub" is a folder; expected a file/],
    [
      join(folder, 'file/'),
      /"\/.*file\/": a part of its path is a file, not a folder \(ENOTDIR\)$/,
    ],
    [
      join(folder, 'file/out'),
      /"\/.*file\/out": a part of its path is a file, not a folder \(ENOTDIR\)/,
    ],
  ]
  for (const [path, shown] of cases) {
    await assert.rejects(openJson(path, fakeContext()), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'exporter-unusable')
      assert.match(error.message, shown)
      return true
    })
  }
})

for (const options of ['', '?rotate=300kB,1000']) {
  test(`json${options} loses no acknowledged message and tears at most the last line when killed`, async (t) => {
    const folder = tempFolder(t)
    const path = join(folder, 'out.ndjson')
    const textOf = (name: string) => readFileSync(join(folder, name), 'utf8')
    const kills = sized(5, 100)
    const acknowledged = new Set<number>()
    let next = 0
    let torn = 0
    for (let kill = 0; kill < kills; kill++) {
      const from = next
      const child = spawn(
        process.execPath,
        [
          ...LOADER,
          join(import.meta.dirname, '../helpers/json-child.js'),
          path + options,
          `${from}`,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      let acknowledgements = ''
      let killing = false
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        acknowledgements += text
        // At another moment each time, some of them in the middle of a write.
        if (killing || acknowledgements.split('\n').length < 3) return
        killing = true
        setTimeout(() => child.kill('SIGKILL'), (kill * 7) % 31)
      })
      await new Promise((resolve) => child.on('close', resolve))
      const last = Number(acknowledgements.trimEnd().split('\n').at(-1))
      for (let n = from; n <= last; n++) acknowledged.add(n)
      // A kill within a rotation leaves no file under the name.
      if (existsSync(path) && !/(^|\n)$/.test(textOf('out.ndjson'))) torn++
      next = last + 100_000
    }
    await (await openJson(path + options, fakeContext())).close()

    const texts = readdirSync(folder).map(textOf)
    for (const text of texts) assert.match(text, /(^|\n)$/)
    const text = texts.join('')
    const found = new Set<number>()
    let broken = 0
    for (const line of text.trimEnd().split('\n')) {
      try {
        found.add(JSON.parse(line).data.n)
      } catch {
        broken++
      }
    }
    assert.ok(broken <= torn, `${broken} broken lines, of ${torn} torn by a kill`)
    assert.ok(acknowledged.size > kills)
    assert.deepEqual(
      [...acknowledged].filter((n) => !found.has(n)),
      [],
    )
    t.diagnostic(`${kills} kills, ${acknowledged.size} acknowledged, ${torn} torn`)
  })
}

test('json rotates its file, keeps the newest and removes the oldest', async (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'out.ndjson')
  const context = fakeContext()
  for (const start of [0, 25]) {
    const output = await openJson(`${path}?rotate=1kB,3`, context)
    for (let n = start; n < start + 25; n++) {
      await output.write([fakeMessage('A', n)])
      await until(() => context.counters.waiting === 0)
    }
    await output.close()
  }
  const names = ['out.ndjson.3', 'out.ndjson.2', 'out.ndjson.1', 'out.ndjson']
  assert.deepEqual(readdirSync(folder).sort(), [...names].sort())
  const numbers = names.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
    assert.ok(text.length < 1500, `${name}: ${text.length}`)
    return text
      .trimEnd()
      .split('\n')
      .map((line): number => JSON.parse(line).data.n)
  })
  assert.equal(numbers.at(-1), 49)
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, at) => 50 - numbers.length + at),
  )
})

test('json goes on in its file where it cannot rotate it, and says so', async (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'out.ndjson')
  mkdirSync(`${path}.1`)
  writeFileSync(join(`${path}.1`, 'x'), '')
  const context = fakeContext()
  const output = await openJson(`${path}?rotate=1kB,1`, context)
  for (let n = 0; n < 9; n++) {
    await output.write([fakeMessage('A', n)])
    await until(() => context.counters.waiting === 0)
  }
  await output.close()
  assert.match(context.logged[0]?.message ?? '', /the file cannot be rotated and grows on/)
  assert.equal(readFileSync(path, 'utf8').trimEnd().split('\n').length, 9)
})

test('json writes to the default file where no path is given', async (t) => {
  const before = existsSync('aruba-stream.ndjson')
  const cwd = process.cwd()
  t.after(() => process.chdir(cwd))
  process.chdir(tempFolder(t))
  assert.equal(before, false)
  await (await openOutput('json', fakeContext())).close()
  assert.ok(existsSync('aruba-stream.ndjson'))
})

test('json lets go of the files of a folder on reopen, until their next lines come', async (t) => {
  const folder = `${tempFolder(t)}/`
  const context = fakeContext()
  const output = await openJson(folder, context)
  for (const name of ['A', 'B']) await output.write([fakeMessage(name, 1)])
  await until(() => context.counters.waiting === 0)
  assert.equal(openIn(folder).length, 2)
  await output.write([fakeMessage('B', 2)])
  await output.reopen?.()
  await until(() => context.counters.waiting === 0)
  assert.deepEqual(openIn(folder), [join(folder, 'B.ndjson')])
  await output.write([fakeMessage('A', 2)])
  await output.close()
  assert.deepEqual(openIn(folder), [])
  for (const name of ['A', 'B']) {
    assert.equal(
      readFileSync(join(folder, `${name}.ndjson`), 'utf8')
        .trim()
        .split('\n').length,
      2,
    )
  }
})

/** A folder with a file of one line, on a disk that takes its time to close files. */
async function startSlow(t: TestContext) {
  const folder = `${tempFolder(t)}/`
  const context = fakeContext()
  const output = await openJson(folder, context)
  await output.write([fakeMessage('A', 1)])
  await until(() => context.counters.delivered === 1)
  const handle = await open(join(folder, 'A.ndjson'))
  let goOn = () => {}
  const slow = new Promise<void>((resolve) => {
    goOn = resolve
  })
  t.mock.method(Object.getPrototypeOf(handle), 'sync', () => slow)
  await handle.close()
  return { folder, context, output, goOn }
}

test('json takes lines for a file of a folder that it is just letting go of, and warns of nothing', async (t) => {
  const { folder, context, output, goOn } = await startSlow(t)
  const reopened = output.reopen?.()
  const written = output.write([fakeMessage('A', 2)])
  await output.write([fakeMessage('B', 1)])
  await until(() => context.counters.delivered === 2)
  goOn()
  await Promise.all([reopened, written])
  await output.close()
  assert.deepEqual(context.logged, [])
  assert.equal(context.counters.delivered, 3)
  assert.equal(readFileSync(join(folder, 'A.ndjson'), 'utf8').trim().split('\n').length, 2)
})

test('json waits at the end for files of a folder that it is just letting go of', async (t) => {
  const { output, goOn } = await startSlow(t)
  const reopened = output.reopen?.()
  const closed = output.close()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(await isPending(closed), true)
  goOn()
  await Promise.all([reopened, closed])
})

test('json leaves the files of a folder alone when it is asked to reopen them at the end', async (t) => {
  const context = fakeContext()
  const output = await openJson(`${tempFolder(t)}/`, context)
  await output.write([fakeMessage('A', 1)])
  await Promise.all([output.close(), output.reopen?.()])
  await output.reopen?.()
  assert.deepEqual(context.logged, [])
})

/** The files of a folder that this process has open. */
function openIn(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      return []
    }
  })
}

test('json takes what comes after the grace period, when another output held it up', async (t) => {
  const path = join(tempFolder(t), 'out.ndjson')
  const context = fakeContext()
  const output = await openJson(path, context)
  await output.write([fakeMessage('A', 1)])
  await until(() => context.counters.waiting === 0)
  context.expire()
  await output.write([fakeMessage('A', 2)])
  await until(() => context.counters.waiting === 0)
  context.cut()
  await output.write([fakeMessage('A', 3)])
  await output.close()
  assert.deepEqual(context.counters, { delivered: 2, retried: 0, givenUp: 1, kept: 0, waiting: 0 })
  assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 2)
})

test('json holds little for each file of a folder whose disk is full', async (t) => {
  const folder = tempFolder(t)
  symlinkSync('/dev/full', join(folder, 'A.ndjson'))
  const context = fakeContext()
  const output = await openJson(`${folder}/`, context)
  t.after(async () => {
    context.cut()
    await output.close()
  })
  let heldBytes = 0
  for (let n = 0; heldBytes < 1 << 20; n++) {
    const message = fakeMessage('A', n)
    heldBytes += message.line.length
    if (await isPending(output.write([message]))) break
  }
  assert.ok(heldBytes < 100 * 1024, `${heldBytes} bytes before anybody had to wait`)
})

test('json gives up at once what fails after the grace period', async () => {
  const context = fakeContext()
  const output = await openJson('/dev/full', context)
  context.expire()
  await output.write([fakeMessage('A', 1)])
  await output.close()
  assert.deepEqual(context.counters, { delivered: 0, retried: 0, givenUp: 1, kept: 0, waiting: 0 })
})
