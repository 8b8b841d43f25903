import { createHash } from 'node:crypto'
import { TOPICS, type Topic } from '../../newcentral/topics.js'
import type { ApiClient } from './clients.js'
import { uuid } from './encode.js'

/** An entry of New Central in an input file. */
export type DemoEntry = {
  readonly client_id: string
  readonly client_secret: string
  readonly topic: Topic
  readonly token_url: string
}

/** The customers of the demo of Classic, so that a site is the same in both services. */
const CUSTOMERS = ['CustomerA', 'CustomerB', 'CustomerC'] as const

/** The API clients of the demo. They are good only here. */
export const DEMO_CLIENTS: readonly Required<ApiClient>[] = CUSTOMERS.map((customer) => ({
  id: uuid(`client of ${customer}`),
  secret: sha256(`secret of ${customer}`),
  customerId: sha256(customer).slice(0, 32),
}))

/** An entry for each topic of New Central, four for each customer. */
export function demoEntries(tokenUrl: string): Readonly<Record<string, DemoEntry>> {
  const entries = TOPICS.map((topic, index) => {
    const place = Math.floor((index * CUSTOMERS.length) / TOPICS.length)
    const { id = '', secret = '' } = DEMO_CLIENTS[place] ?? {}
    const entry = { client_id: id, client_secret: secret, topic, token_url: tokenUrl }
    return [`${CUSTOMERS[place]}_${topic}`, entry] as const
  })
  return Object.fromEntries(entries)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
