import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeFrame } from '../src/simulator/classic/encode.js'
import { closedPort, startCentral } from './helpers/central.js'
import { until } from './helpers/clock.js'
import { example } from './helpers/docs.js'
import { makeKey } from './helpers/keys.js'
import { killChild } from './helpers/mortal.js'
import { needs } from './helpers/needs.js'
import { makeSecret } from './helpers/new-central.js'
import { ROOT } from './helpers/settings.js'
import { startStream } from './helpers/stream.js'
import { tempFolder } from './helpers/temp-folder.js'

const EXAMPLES = join(ROOT, 'examples')
const RULES = readFileSync(join(EXAMPLES, 'prometheus-rules.yml'), 'utf8')

type Panel = {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly targets: readonly { readonly expr: string; readonly refId: string }[]
}
type Dashboard = {
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string }[]
  }
}
const DASHBOARD = JSON.parse(
  readFileSync(join(EXAMPLES, 'grafana-dashboard.json'), 'utf8'),
) as Dashboard

/** Queries of the dashboard, as Grafana fills them in. */
const queries = DASHBOARD.panels.flatMap(({ targets }) =>
  targets.map(({ expr }) =>
    expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
  ),
)

test(
  'promtool accepts the rules, and each alert does what its unit test says',
  needs('promtool'),
  () => {
    for (const args of [
      ['check', 'rules', 'prometheus-rules.yml'],
      ['test', 'rules', 'prometheus-rules.test.yml'],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', args, {
        cwd: EXAMPLES,
        encoding: 'utf8',
      })
      assert.equal(status, 0, stdout + stderr)
    }
  },
)

test('promtool accepts the configuration in the documents', needs('promtool'), (t) => {
  const cwd = tempFolder(t)
  copyFileSync(join(EXAMPLES, 'prometheus-rules.yml'), join(cwd, 'prometheus-rules.yml'))
  writeFileSync(join(cwd, 'prometheus.yml'), example('prometheus'))
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'config', 'prometheus.yml'], {
    cwd,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout + stderr)
  const [, job] = /job_name: (\S+)/.exec(example('prometheus')) ?? []
  assert.ok(RULES.includes(`up{job="${job}"}`))
})

test('every alert has a unit test', () => {
  const tests = readFileSync(join(EXAMPLES, 'prometheus-rules.test.yml'), 'utf8')
  for (const [, alert = ''] of RULES.matchAll(/- alert: (\w+)/g)) {
    assert.match(tests, new RegExp(`alertname: ${alert}\\n`))
  }
})

test('the panels of the dashboard have what Grafana asks for, and do not overlap', () => {
  const cells = new Set<string>()
  const ids = DASHBOARD.panels.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  for (const { type, title, gridPos, targets } of DASHBOARD.panels) {
    assert.match(type, /^(timeseries|stat|table)$/)
    assert.notEqual(title, '')
    assert.ok(targets.length > 0)
    assert.ok(gridPos.x + gridPos.w <= 24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!cells.has(`${x} ${y}`), title)
        cells.add(`${x} ${y}`)
      }
    }
  }
  const variables = DASHBOARD.templating.list.map(({ name }) => name)
  for (const [, name = ''] of JSON.stringify(DASHBOARD.panels).matchAll(/\$\{?(\w+)/g)) {
    assert.ok([...variables, '__rate_interval'].includes(name), name)
  }
})

test(
  'a real Prometheus that scrapes the program answers every query of dashboard and rules',
  needs('prometheus'),
  async (t) => {
    let prometheus: ChildProcess | undefined
    // Before its folder is removed.
    t.after(() => killChild(prometheus))
    const central = await startCentral(t)
    const cwd = tempFolder(t)
    const token_url = `${central.url}/as/token.oauth2`
    const input = {
      A: { wsskey: makeKey('prometheus'), topics: ['audit', 'presence'] },
      N: { client_id: 'c', client_secret: makeSecret('c'), token_url, topic: 'wids' },
    }
    const args = ['--metrics', '0', '--export_data', 'json:out.ndjson']
    const program = await startStream(t, central, args, { input, cwd })
    const url = await program.metricsUrl()
    const scraped = async () => (await fetch(`${url}/metrics`)).text()
    await until(async () => (await scraped()).includes('_subscriptions{state="open"} 3\n'))
    const timestamp = String(BigInt(Date.now()) * 1_000_000n)
    await central.broadcast('audit', encodeFrame('audit', {}, { timestamp, customer_id: 'c' }))
    await until(async () => /aruba_stream_exported_total\{.*\} 1$/m.test(await scraped()))
    const text = await scraped()

    // Those of a failing output, and of what has not happened yet, are there too.
    for (const query of [...queries, RULES]) {
      for (const [metric] of query.matchAll(/\b(?:aruba_stream|process)_\w+/g)) {
        assert.match(text, new RegExp(`^${metric}[{ ]`, 'm'), metric)
      }
    }

    const port = await closedPort()
    writeFileSync(
      join(cwd, 'prometheus.yml'),
      `global: { scrape_interval: 1s }
rule_files: [${join(EXAMPLES, 'prometheus-rules.yml')}]
scrape_configs:
  - job_name: aruba-stream
    static_configs: [{ targets: ['${url.replace('http://', '')}'] }]
`,
    )
    const options = [`--web.listen-address=127.0.0.1:${port}`, '--config.file=prometheus.yml']
    prometheus = spawn('prometheus', [...options, '--storage.tsdb.path=data'], {
      cwd,
      stdio: 'ignore',
    })
    const ask = async (query: string) => {
      const body = new URLSearchParams({ query })
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query`, { method: 'POST', body })
      return (await answer.json()) as { status: string; data: { result: unknown[] } }
    }
    const isUp = async () =>
      (await ask('aruba_stream_build_info').catch(() => undefined))?.data?.result.length === 1
    await until(isUp, () => 'Prometheus has scraped the program')
    for (const query of queries) {
      assert.equal((await ask(query)).status, 'success', query)
    }
    const state = await ask('sum(aruba_stream_subscriptions{state="open"})')
    assert.match(JSON.stringify(state.data.result), /"3"/)
    const clusters = queries.find((query) => query.includes('sum by (host) (aruba_stream_subscr'))
    assert.equal((await ask(clusters ?? '')).data.result.length, 1)
    const rules = await fetch(`http://127.0.0.1:${port}/api/v1/rules`)
    const loaded = JSON.stringify(await rules.json())
    assert.equal(loaded.match(/"type":"alerting"/g)?.length, RULES.match(/- alert:/g)?.length)
    assert.ok(!loaded.includes('"health":"err"'), loaded)
    program.kill()
    assert.equal((await program.result).code, 0)
  },
)
