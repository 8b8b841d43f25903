import { StreamError } from './errors.js'

export function networkError(error: unknown, where: string): StreamError {
  const code = (error as { code?: string }).code ?? ''
  const text = (error as Error).message
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return new StreamError('certificate-untrusted', `${where}: ${text}`)
  return new StreamError('unreachable', `${where}: ${text} ${code}`)
}
