// Asks the program for its state and shows it. Names come from outside: all text is set by textContent.

const EVERY_MS = 3_000
const TIMEOUT_MS = 10_000
/** The width of the plot: an hour, with one point every ten seconds. */
const POINTS = 360

const byId = (id) => document.getElementById(id)

/** Writes only what has changed, so that text stays selected. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** Makes as many children as there are items, and shows each item in one. */
function fill(parent, tag, items, show) {
  while (parent.children.length > items.length) parent.lastElementChild.remove()
  for (const [at, item] of items.entries()) {
    show(parent.children[at] ?? parent.appendChild(document.createElement(tag)), item)
  }
}

function fillTable(id, rows) {
  const table = byId(id)
  const titles = table.tHead.rows[0].cells
  table.hidden = rows.length === 0
  fill(table.tBodies[0], 'tr', rows, (row, { state, cells, why = '' }) => {
    row.dataset.state = state
    row.dataset.why = why
    let at = 0
    fill(row, 'td', cells, (cell, text) => {
      const { className, textContent } = titles[at++]
      cell.className = className
      cell.dataset.title = textContent
      cell.title = (className.includes('state') && why) || text
      setText(cell, text)
    })
  })
}

function filterSubscriptions() {
  const words = byId('filter').value.toLowerCase().split(/\s+/)
  const { rows } = byId('subscriptions').tBodies[0]
  let shown = 0
  for (const row of rows) {
    const text = [...row.cells].map((cell) => cell.textContent).join(' ')
    const all = `${text} ${row.dataset.why}`.toLowerCase()
    row.hidden = !words.every((word) => all.includes(word))
    if (!row.hidden) shown++
  }
  setText(byId('shown'), shown === rows.length ? `${shown}` : `${shown} of ${rows.length}`)
}

let history = { seconds: 10, rates: [] }

/** Rounds up to 1, 2 or 5 times a power of ten, so that half of it has few digits, too. */
function roundUp(rate) {
  const power = 10 ** Math.floor(Math.log10(rate))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= rate)
}

const number = (value) =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 })

function drawPlot() {
  const { rates } = history
  const top = roundUp(Math.max(1, ...rates))
  const first = POINTS - rates.length + 1
  const points = rates.map((rate, at) => `${first + at},${100 - (100 * rate) / top}`)
  byId('line').setAttribute('points', points.join(' '))
  byId('area').setAttribute('points', [`${first},100`, ...points, `${POINTS},100`].join(' '))
  setText(byId('highest'), `${number(top)}/s`)
  setText(byId('half'), number(top / 2))
}

/** Shows the rate under the pointer. */
function readPlot({ offsetX }) {
  const { seconds, rates } = history
  const back = Math.round((1 - offsetX / byId('plot').clientWidth) * POINTS)
  const rate = rates[rates.length - 1 - back]
  const ago = Math.round((back * seconds) / 60)
  setText(byId('reading'), rate === undefined ? '' : `${number(rate)}/s, ${ago} min ago`)
}

let version

function show(status) {
  // Another version of the program has another page.
  if (version !== undefined && version !== status.version) location.reload()
  version = status.version
  document.body.dataset.state = status.state
  document.title = `${status.headline} · aruba-stream`
  setText(byId('headline'), status.headline)
  setText(byId('summary'), status.summary)
  setText(byId('note'), status.note)
  setText(byId('program'), `aruba-stream ${version} on ${status.machine}`)
  fill(byId('totals'), 'div', status.totals, (total, [name, value]) => {
    fill(total, 'dt', [name], setText)
    if (!total.lastElementChild.matches('dd')) total.append(document.createElement('dd'))
    setText(total.lastElementChild, value)
  })
  history = status.history
  drawPlot()
  fill(byId('reasons'), 'li', status.reasons, (item, { state, what, why, names }) => {
    item.dataset.state = state
    fill(item, 'p', [what, why, names], setText)
  })
  fillTable('outputs', status.outputs)
  fillTable('clusters', status.clusters)
  fillTable('subscriptions', status.subscriptions)
  filterSubscriptions()
  fill(byId('log'), 'li', status.log, (line, { time, level, text }) => {
    line.dataset.level = level
    const at = time.slice(5, 19).replace('T', ' ')
    fill(line, 'span', [at, level.toUpperCase(), text], setText)
  })
}

let answeredAt = new Date()
let asking = false

async function update() {
  if (asking || document.hidden) return
  asking = true
  const stale = byId('stale')
  try {
    const answer = await fetch('status.json', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    show(await answer.json())
    answeredAt = new Date()
    stale.hidden = true
  } catch (error) {
    const since = answeredAt.toISOString().slice(11, 19)
    setText(
      stale,
      `The program has not answered since ${since} UTC (${error.message}). What is below is from then.`,
    )
    document.title = 'no answer · aruba-stream'
    stale.hidden = false
  }
  document.body.classList.toggle('old', !stale.hidden)
  asking = false
}

byId('filter').addEventListener('input', filterSubscriptions)
byId('plot').addEventListener('pointermove', readPlot)
byId('plot').addEventListener('pointerleave', () => setText(byId('reading'), ''))
document.addEventListener('visibilitychange', update)
setInterval(update, EVERY_MS)
update()
