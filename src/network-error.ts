import { StreamError } from './errors.js'
export function networkError(error: unknown, where: string): StreamError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return new StreamError('unreachable', `${where}: ${code}`)
}
