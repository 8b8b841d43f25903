import { findCharacter, findWrapping } from '../characters.js'
import type { ApiClient } from '../input/entries.js'
import {
  type EntryRules,
  Problem,
  type Property,
  type ReadProperty,
  requireNoVariable,
} from '../input/entry-rules.js'
import { arubaServiceOf, isLoopback } from '../net/host.js'
import { Secret } from '../secret.js'
import { closest, maskTokens } from '../text.js'
import { EVENT_TYPE_PREFIX, isTopic, TOPIC_FACTS, TOPICS } from './topics.js'

/** Printable ASCII without blanks, which is what OAuth2 clients are made of. */
const NOT_IN_CREDENTIALS = /[^\x21-\x7e]/u
/** Texts of examples, templates and documents. */
const EXAMPLE =
  /^([x*?_.-])\1*$|^<.*>$|^\{.*\}$|(?:^|[^a-z])(?:paste|your|insert|replace|example|placeholder|change[ _-]?me)(?:[^a-z]|$)/i
/** How GreenLake makes client secrets. Its client ids are UUIDs. */
const SECRET_FORM = /^[\da-f]{32,}$/i
/** Names of variables in templates. */
const PLACEHOLDER = /\$\{[^}]*\}?|\$[A-Z_]+|\{\{.*?\}\}|<[^>]*>/
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i
const EVENT_TYPE = /^[\w.-]+$/

/** Entries of New Central: an API client, and what is asked of the stream. */
export const NEW_CENTRAL_ENTRIES: EntryRules = {
  name: 'New Central',
  properties: [
    { name: 'client_id', required: true, secret: false, otherNames: ['client', 'clientid'] },
    { name: 'client_secret', required: true, secret: true, otherNames: ['clientsecret'] },
    { name: 'event_types', required: false, secret: false, otherNames: ['event-types', 'filter'] },
    { name: 'token_url', required: false, secret: false, otherNames: ['issuer', 'token_endpoint'] },
    { name: 'subscriber_id', required: false, secret: false, otherNames: ['subscriber-id'] },
    { name: 'path', required: false, secret: false, otherNames: [] },
  ],
  topics: TOPICS,
  otherTopicNames: new Map([
    ['location', 'location-events'],
    ['geofence', 'geofence-events'],
    ['wids-events', 'wids'],
    ['location-analytics', 'rssi-events'],
  ]),
  credentials(read, topics) {
    const id = read('client_id', (property) => checkCredential(property, 'client id'))
    const secret = read('client_secret', (property) =>
      checkNotId(checkCredential(property, 'client secret'), id),
    )
    const client: ApiClient = { id: id ?? '', ...checkOptions(read, topics) }
    return {
      key: secret === undefined || id === undefined ? undefined : new Secret(secret),
      username: undefined,
      client,
    }
  },
  doubt(host) {
    if (arubaServiceOf(host) !== 'classic') return undefined
    return `${host.authority} looks like a host of Classic Central; expected a base URL of New Central, such as "de1.api.central.arubanetworks.com"`
  },
}

function checkOptions(read: ReadProperty, topics: readonly string[]): Omit<ApiClient, 'id'> {
  return {
    eventTypes: read('event_types', (property) => checkEventTypes(property, topics)) ?? [],
    tokenUrl: read('token_url', checkTokenUrl),
    subscriberId: read('subscriber_id', checkSubscriberId),
    path: read('path', (property) => checkPath(property, topics)),
  }
}

function checkCredential({ text, kind }: Property, what: string): string {
  const wanted = `expected the ${what} of the API client in GreenLake`
  if (kind === undefined) throw new Problem(`is missing; ${wanted}`)
  if (text === undefined) throw new Problem(`${wanted}, a string; got ${kind}`)
  if (text.trim() === '') throw new Problem(`is empty; ${wanted}`)
  requireNoVariable(text.trim(), what)
  if (EXAMPLE.test(text.trim())) {
    throw new Problem(`still holds the text of an example; paste the ${what} from GreenLake there`)
  }
  const wrapping = findWrapping(text.trim(), what)
  if (wrapping !== undefined) throw new Problem(wrapping)
  if (maskTokens(text) !== text) {
    throw new Problem(`is a token or a key (not shown); ${wanted}`)
  }
  if (text.trim() !== text) throw new Problem(`begins or ends with a blank; ${wanted}`)
  const odd = findCharacter(text) ?? findCharacter(text, NOT_IN_CREDENTIALS)
  if (odd) throw new Problem(`holds ${odd}, which no ${what} has; ${wanted}`)
  return text
}

/** Messages show the client id: they must not show a secret that stands in its place. */
function checkNotId(secret: string, id: string | undefined): string {
  if (secret === id) {
    throw new Problem('is the client id; expected the client secret of the API client in GreenLake')
  }
  if (UUID.test(secret) && SECRET_FORM.test(id ?? '')) {
    throw new Problem(
      'has the form of a client id, and client_id that of a client secret; expected them the other way round',
    )
  }
  return secret
}

function checkEventTypes(
  { kind, list, show, warn }: Property,
  topics: readonly string[],
): readonly string[] {
  if (kind === undefined) return []
  const wanted = 'expected a list of event types, such as ["network-services.v1.x"]'
  if (list === undefined) throw new Problem(`${wanted}; got ${show()}`)
  requireOneTopic(topics)
  const [topic] = topics
  if (list.length === 0) {
    throw new Problem('is an empty list; leave it out to get events of every type')
  }
  return list.map((text, at) => {
    if (!EVENT_TYPE.test(text)) {
      throw new Problem(
        `entry ${at + 1} of the list is no event type; expected letters, digits, dots, "-" and "_"`,
      )
    }
    const short = text.startsWith(EVENT_TYPE_PREFIX) ? text.slice(EVENT_TYPE_PREFIX.length) : text
    const known =
      topic !== undefined && isTopic(topic) ? Object.keys(TOPIC_FACTS[topic].events) : []
    if (known.length > 0 && !known.includes(short)) {
      const meant = closest(short, known)
      const hint =
        meant === undefined ? `known are ${known.join(', ')}` : `did you mean "${meant}"?`
      warn(`"${short}" is no known event type of ${topic}; it is asked for as it is (${hint})`)
    }
    return EVENT_TYPE_PREFIX + short
  })
}

function checkTokenUrl({ text, kind, show }: Property): URL | undefined {
  if (kind === undefined) return undefined
  const wanted =
    'expected the token issuer URL of the API client in GreenLake, such as "https://sso.common.cloud.hpe.com/as/token.oauth2"'
  if (text === undefined) throw new Problem(`${wanted}; got ${show()}`)
  const [placeholder] = PLACEHOLDER.exec(text) ?? []
  if (placeholder !== undefined) {
    throw new Problem(
      `holds the placeholder ${JSON.stringify(placeholder)}, which was not replaced; ${wanted}`,
    )
  }
  if (!URL.canParse(text)) throw new Problem(`is no URL; ${wanted}`)
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    throw new Problem('has a user or password in it; expected a URL without them')
  }
  if (url.hash !== '') throw new Problem('has a fragment, "#…"; expected a URL without one')
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  if (!isSafe) {
    throw new Problem(
      `expected "https": anything else would show the client secret to the network, and "http" is accepted for loopback hosts only; got "${url.protocol}"`,
    )
  }
  return url
}

function checkSubscriberId({ text, kind, show }: Property): string | undefined {
  if (kind === undefined) return undefined
  if (text === undefined || !UUID.test(text)) {
    throw new Problem(
      `expected a UUID of version 4, such as "9b2f0c1e-5a0d-4c7b-8f3e-2d6a1b4c5e7f"; got ${show()}`,
    )
  }
  return text.toLowerCase()
}

/** Another topic would have other event types, and another path. */
function requireOneTopic(topics: readonly string[]): void {
  if (topics.length < 2) return
  throw new Problem(
    'belongs to one topic, and the entry has several; make an entry of its own for it',
  )
}

function checkPath({ text, kind, show }: Property, topics: readonly string[]): string | undefined {
  if (kind === undefined) return undefined
  if (text === undefined || !/^\/[\w./~-]*$/.test(text) || /\/\/|\/\.\.?(\/|$)/.test(text)) {
    throw new Problem(
      `expected the path of a stream, such as "/network-services/v1/location-events"; got ${show()}`,
    )
  }
  requireOneTopic(topics)
  return text
}
