import type { Secret } from '../secret.js'

/**
 * Days after which Central renews a key by itself (Central's online help on streaming; a key has no
 * `exp`).
 */
export const KEY_LIFE_DAYS = 7

/** Seconds since the epoch stay below this until the year 5138; milliseconds passed it in 1973. */
const MAX_SECONDS = 1e11

/**
 * How long ago a key was made, seconds; below zero where the clocks disagree. Keys are JWTs with the
 * claim `creation_date`, or `Created` (both were seen), seconds since the epoch.
 * @param nowMs milliseconds since the epoch
 * @returns undefined where the key holds no date
 */
export function keyAge(key: Secret, nowMs: number): number | undefined {
  const claims = readClaims(key)
  const createdAt = readTime(claims?.creation_date) ?? readTime(claims?.Created)
  return createdAt === undefined ? undefined : nowMs / 1000 - createdAt
}

function readClaims(key: Secret): Readonly<Record<string, unknown>> | undefined {
  const [, claims, signature] = key.reveal().split('.')
  if (claims === undefined || signature === undefined) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** Seconds since the epoch, from seconds or milliseconds. */
function readTime(value: unknown): number | undefined {
  const time = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof time !== 'number' || !Number.isFinite(time) || time <= 0) return undefined
  return time < MAX_SECONDS ? time : time / 1000
}
