import type { Secret } from '../secret.js'

/** Where an entry's key comes from. */
export interface KeySource {
  /**
   * The key to offer now.
   * @throws StreamError where there is none: one that can be retried makes the entry wait, any other
   *   (`key-refused`) ends it before its socket opens
   */
  current(): Secret
  /**
   * Looks for another key after a 401.
   * @throws StreamError; one that can be retried makes the entry wait, any other ends it
   */
  afterUnauthorized(refused: Secret, signal: AbortSignal): Promise<Secret>
}
