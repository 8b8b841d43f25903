import type { Clock } from '../../clock.js'
import type { CentralSocket } from '../socket.js'
import type { NewCentralSettings } from './settings.js'

/** The text frame that `text_frames` asks for. */
const TEXT = 'keep-alive'

export type LifeOptions = {
  readonly settings: NewCentralSettings
  /** When the socket's token ends, milliseconds since the epoch. */
  readonly tokenEndsAt: number
  readonly clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>
}

/** Starts what the server does by itself: pings, text frames, and the end of a socket with its token. */
export function startLife(socket: CentralSocket, options: LifeOptions): void {
  const { settings, tokenEndsAt, clock } = options
  const { expires_in, expiry_at, ping, text_frames } = settings
  socket.answerPings = settings.pong === 'yes'
  const leftMs = tokenEndsAt - clock.now()
  const halfMs = expiry_at === 'half' ? expires_in * 500 : leftMs
  const end = clock.setTimeout(() => endSocket(socket, settings), Math.min(leftMs, halfMs))
  const stops = [
    () => clock.clearTimeout(end),
    repeat(clock, ping, () => socket.ping()),
    repeat(clock, text_frames, () => socket.sendText(TEXT)),
  ]
  socket.ended.then(() => {
    for (const stop of stops) stop()
  })
}

function endSocket(socket: CentralSocket, { expiry_close }: NewCentralSettings): void {
  if (expiry_close === 'cut') socket.terminate()
  else socket.close(Number(expiry_close), expiry_close === '1000' ? '' : 'token expired')
}

/** @returns ends it */
function repeat(clock: LifeOptions['clock'], seconds: number, act: () => void): () => void {
  if (seconds === 0) return () => {}
  const start = () =>
    clock.setTimeout(() => {
      act()
      timer = start()
    }, seconds * 1000)
  let timer = start()
  return () => clock.clearTimeout(timer)
}
