import { createHash } from 'node:crypto'
import type { Topic } from '../../classic/topics.js'

/** The text of an input file, as data. */
type DemoInput = {
  readonly customers: Readonly<
    Record<string, { readonly username: string; readonly wsskey: string; readonly topic: Topic }>
  >
}

const DAY_MS = 86_400_000

const CUSTOMERS: Readonly<Record<string, readonly Topic[]>> = {
  CustomerA: ['monitoring', 'presence'],
  CustomerB: ['location', 'apprf'],
  CustomerC: ['audit', 'security'],
}

/**
 * Three customers with two topics each, which makes all six topics. The keys are good only here.
 * @param nowMs milliseconds since the epoch
 */
export function demoInput(nowMs: number): DemoInput {
  const entries = Object.entries(CUSTOMERS).flatMap(([customer, topics]) =>
    topics.map((topic) => {
      const username = `${customer.toLowerCase()}@example.com`
      return [
        `${customer}_${topic}`,
        { username, wsskey: demoKey(customer, nowMs), topic },
      ] as const
    }),
  )
  return { customers: Object.fromEntries(entries) }
}

/**
 * A key in the form of Central's, a JWT with the claims `customer_id` and `creation_date`. Its
 * signature is made up. The same label gives the same key all day; it says it was made yesterday.
 * @param nowMs milliseconds since the epoch
 * @param customerId default: made from the label
 */
export function demoKey(
  label: string,
  nowMs: number,
  customerId = sha256(label, 'hex').slice(0, 32),
): string {
  const creation_date = (Math.floor(nowMs / DAY_MS) - 1) * (DAY_MS / 1000)
  const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return [
    segment({ alg: 'HS256', typ: 'JWT' }),
    segment({ customer_id: customerId, creation_date }),
    sha256(`signature of ${label}`, 'base64url'),
  ].join('.')
}

function sha256(text: string, encoding: 'hex' | 'base64url'): string {
  return createHash('sha256').update(text).digest(encoding)
}
