import { createHash } from 'node:crypto'
import type { Topic as ClassicTopic } from '../classic/topics.js'
import { TOPICS, type Topic } from '../newcentral/topics.js'
import type { ApiClient } from './newcentral/clients.js'
import { uuid } from './newcentral/cloud-event.js'
import { TOKEN_PATH } from './newcentral/service.js'

type ClassicEntry = {
  readonly username: string
  readonly wsskey: string
  readonly topic: ClassicTopic
}

type NewCentralEntry = {
  readonly client_id: string
  readonly client_secret: string
  readonly topic: Topic
  readonly token_url: string
}

const DAY_MS = 86_400_000

/** Each has the same site in both services. */
const CUSTOMERS: Readonly<Record<string, readonly ClassicTopic[]>> = {
  CustomerA: ['monitoring', 'presence'],
  CustomerB: ['location', 'apprf'],
  CustomerC: ['audit', 'security'],
}

/** The API clients of the demo, one a customer. They are good only here. */
export const DEMO_CLIENTS: readonly Required<ApiClient>[] = Object.keys(CUSTOMERS).map(
  (customer) => ({
    id: uuid(`client of ${customer}`),
    secret: sha256(`secret of ${customer}`, 'hex'),
    customerId: idOf(customer),
  }),
)

/** Two entries for each customer, which makes all six topics of Classic. */
export function classicDemo(nowMs: number): Readonly<Record<string, ClassicEntry>> {
  const entries = Object.entries(CUSTOMERS).flatMap(([customer, topics]) =>
    topics.map((topic) => {
      const username = `${customer.toLowerCase()}@example.com`
      const entry = { username, wsskey: demoKey(customer, nowMs), topic }
      return [`${customer}_${topic}`, entry] as const
    }),
  )
  return Object.fromEntries(entries)
}

/** Four entries for each customer, which makes all twelve topics of New Central. */
export function newCentralDemo(url: string): Readonly<Record<string, NewCentralEntry>> {
  const names = Object.keys(CUSTOMERS)
  const entries = TOPICS.map((topic, index) => {
    const place = Math.floor((index * names.length) / TOPICS.length)
    const { id: client_id = '', secret: client_secret = '' } = DEMO_CLIENTS[place] ?? {}
    const entry = { client_id, client_secret, topic, token_url: url + TOKEN_PATH }
    return [`${names[place]}_${topic}`, entry] as const
  })
  return Object.fromEntries(entries)
}

/**
 * A key in the form of Central's, a JWT with the claims `customer_id` and `creation_date`. Its
 * signature is made up. The same label gives the same key all day; it says it was made yesterday.
 * @param nowMs milliseconds since the epoch
 * @param customerId default: made from the label
 */
export function demoKey(label: string, nowMs: number, customerId = idOf(label)): string {
  const creation_date = (Math.floor(nowMs / DAY_MS) - 1) * (DAY_MS / 1000)
  const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return [
    segment({ alg: 'HS256', typ: 'JWT' }),
    segment({ customer_id: customerId, creation_date }),
    sha256(`signature of ${label}`, 'base64url'),
  ].join('.')
}

/** 32 hex digits. */
function idOf(customer: string): string {
  return sha256(customer, 'hex').slice(0, 32)
}

function sha256(text: string, encoding: 'hex' | 'base64url'): string {
  return createHash('sha256').update(text).digest(encoding)
}
