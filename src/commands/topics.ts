import { StreamError } from '../errors.js'
import { printText } from '../outputs/print-text.js'
import { formatForTerminal } from '../outputs/stdout.js'
import type { Program } from '../program.js'
import { type Look, paint, paragraph, wrappedTable } from '../report/table-layout.js'
import { ALL_TOPICS, isAnyTopic } from '../service.js'
import { closest, maskTokens, printable } from '../text.js'
import type { TopicsSettings } from './settings.js'
import {
  describeTopic,
  descriptionJson,
  pathOf,
  summaryJson,
  summaryOf,
  type TopicDescription,
  type TopicSummary,
} from './topic-description.js'
import { CLASSIC_FACTS, NEW_CENTRAL_FACTS } from './topic-facts.js'
import type { FieldGroup } from './topic-fields.js'

const FIELD_TITLES = ['FIELD', 'TYPE', 'UNIT', 'MEANING'] as const

/** What people call a topic who come from other programs or from Central's pages. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  rapids: 'security',
  rogue: 'security',
  rogues: 'security',
  rssi: 'presence or rssi-events',
  clients: 'clients-events, presence or monitoring',
  aps: 'monitoring or ap-events',
  alerts: 'alert-events',
  geofence: 'location, geofence-events or geofence-v1alpha1',
}

/**
 * `aruba-stream topics [TOPIC]`: shows the topics, or the fields of one with an example.
 * @returns the exit code
 * @throws StreamError `usage` where there is no such topic
 */
export async function topics({ topic, json }: TopicsSettings, program: Program): Promise<number> {
  const { stdout, screen } = program
  const look = {
    columns: stdout.terminal ? screen.columns() : undefined,
    colour: stdout.colour,
  }
  const text = topic === undefined ? allTopics(json, look) : oneTopic(topic, json, look)
  await printText(text, program)
  return 0
}

function allTopics(json: boolean, look: Look): string {
  const summaries = ALL_TOPICS.map(summaryOf)
  return json ? asJson(summaries.map(summaryJson)) : formatTopics(summaries, look)
}

function oneTopic(name: string, json: boolean, look: Look): string {
  if (!isAnyTopic(name)) throw unknownTopic(name)
  const description = describeTopic(name)
  return json ? asJson(descriptionJson(description)) : formatTopic(description, look)
}

function unknownTopic(name: string): StreamError {
  const key = name.toLowerCase()
  const meant = Object.hasOwn(OTHER_NAMES, key) ? OTHER_NAMES[key] : closest(name, ALL_TOPICS)
  const hint =
    meant === undefined ? `the topics are ${ALL_TOPICS.join(', ')}` : `did you mean ${meant}?`
  const shown = maskTokens(name) === name ? `"${printable(name, 40)}"` : 'that'
  return new StreamError('usage', `there is no topic ${shown}; ${hint}`)
}

function formatTopics(summaries: readonly TopicSummary[], look: Look): string {
  const sections = [CLASSIC_FACTS, NEW_CENTRAL_FACTS].flatMap((service) => {
    const { name, credentials, licence } = service
    const rows = summaries
      .filter((summary) => summary.service === service)
      .map(({ topic, about, cadence }) => [topic, `${about}; ${cadence}`])
    return [
      paint(name, 'bold', look.colour),
      ...paragraph(`Credentials: ${credentials}. Needs: ${licence}.`, look),
      '',
      ...wrappedTable(['TOPIC', 'WHAT IT TELLS, AND WHEN'], rows, look),
      '',
    ]
  })
  const more = 'aruba-stream topics TOPIC shows the fields of a topic, their units, and an example.'
  return lines([...sections, ...paragraph(more, look)])
}

function formatTopic(description: TopicDescription, look: Look): string {
  const { topic, service, about, cadence, path, groups, example } = description
  const { colour } = look
  return lines([
    paint(topic, 'bold', colour),
    ...paragraph(`${about[0]?.toUpperCase()}${about.slice(1)}.`, look),
    '',
    ...wrappedTable(
      ['', ''],
      [
        ['Service', service.name],
        ['Credentials', service.credentials],
        ['Licence', service.licence],
        ['When', cadence],
        ...(path === undefined ? [] : [['Path', path]]),
      ],
      look,
    ).slice(1),
    '',
    ...(look.columns === undefined ? flatFields(groups) : groupedFields(groups, look)),
    ...paragraph('A field without a unit has none, or it is not known.', look),
    '',
    paint('An example of the simulator, with --readable', 'bold', colour),
    '',
    formatForTerminal(example, colour).trimEnd(),
  ])
}

/** Each line has the whole path, for `grep`. */
function flatFields(groups: readonly FieldGroup[]): string[] {
  const rows = groups.flatMap((group) =>
    group.fields.map((field) => [
      pathOf(group, field),
      field.type,
      field.unit ?? '',
      field.meaning,
    ]),
  )
  return [...wrappedTable(FIELD_TITLES, rows, { columns: undefined, colour: false }), '']
}

/** The fields of each message below its path, since whole paths leave no room on a terminal. */
function groupedFields(groups: readonly FieldGroup[], look: Look): string[] {
  return groups.flatMap(({ path, message, note, fields }) => {
    const heading = path === '' ? 'The record' : `${path}  (${message})`
    const rows = fields.map(({ name, type, unit = '', meaning }) => [name, type, unit, meaning])
    return [
      ...paragraph(heading, look).map((line) => paint(line, 'bold', look.colour)),
      ...(note === '' ? [] : paragraph(note, look)),
      ...wrappedTable(FIELD_TITLES, rows, look),
      '',
    ]
  })
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
