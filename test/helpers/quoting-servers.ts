import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { listen } from './tcp-server.js'

// Servers that take a login and refuse everything, with the login in what they say.

function listenTcp(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    onSocket(socket)
  })
  return listen(t, server)
}

/** A secret in the forms in which a server may give it back. */
function formsOf(secret: string): string {
  const html = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  const login = Buffer.from(`me:${secret}`)
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret),
    html,
    login.toString('hex'),
    login.toString('base64'),
  ].join(' ')
}

/** @returns the port */
export function startQuotingHttp(t: TestContext): Promise<number> {
  const server = createHttpServer(({ headers, url = '' }, answer) => {
    const key = formsOf(String(headers['x-key']))
    answer.writeHead(401, { Connection: 'close' }).end(`${url} ${key} ${headers.authorization}`)
  })
  return listen(t, server)
}

export function startQuotingPostgres(t: TestContext): Promise<number> {
  const packet = (kind: string, body: Buffer) => Buffer.concat([Buffer.from(kind), sized(body, 4)])
  return listenTcp(t, (socket) => {
    socket.on('data', (data) => {
      if (data.length === 8) socket.write('N')
      else if (data[0] !== 0x70) socket.write(packet('R', Buffer.from([0, 0, 0, 3])))
      else {
        const text = formsOf(data.toString().slice(5, -1))
        socket.end(packet('E', Buffer.from(`SFATAL\0C53300\0M${text}\0D${text}\0H${text}\0\0`)))
      }
    })
  })
}

/**
 * @param onLogin called with each login that it gets
 * @param onClose called when a connection has ended
 */
export function startQuotingNats(
  t: TestContext,
  onLogin = (_: string) => {},
  onClose = () => {},
): Promise<number> {
  const info = { server_id: 'x', version: '2.10.0', proto: 1, max_payload: 1e6, headers: true }
  return listenTcp(t, (socket) => {
    let login = ''
    let inbox = ''
    socket.write(`INFO ${JSON.stringify({ ...info, jetstream: true })}\r\n`)
    socket.on('close', onClose)
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n')) {
        const [verb, subject = '', second = ''] = line.split(' ')
        if (verb === 'CONNECT') {
          login = line
          onLogin(line)
        }
        if (verb === 'PING') socket.write('PONG\r\n')
        if (verb === 'SUB') inbox = second
        if (verb !== 'PUB' || !subject.startsWith('$JS.API.')) continue
        const { pass, auth_token } = JSON.parse(login.slice('CONNECT '.length))
        const description = `not with ${formsOf(pass ?? auth_token ?? 'none')} of ${login}`
        const error = { code: 500, err_code: 10_001, description }
        const answer = JSON.stringify({ type: 'io.nats.jetstream.api.v1.error', error })
        socket.write(`MSG ${second} ${inbox} ${Buffer.byteLength(answer)}\r\n${answer}\r\n`)
      }
    })
  })
}

const API = { versions: 18, handshake: 17, authenticate: 36 }
/** A login that is not refused for itself, so that the program tries again. */
const ILLEGAL_STATE = 34

export function startQuotingKafka(t: TestContext): Promise<number> {
  const answerTo = (api: number, request: string): Buffer | undefined => {
    if (api === API.versions) {
      const apis = [3, 17, 18, 22, 36].map((each) => Buffer.from([0, each, 0, 0, 0, 12, 0]))
      return Buffer.concat([Buffer.from([0, 0, apis.length + 1]), ...apis, Buffer.alloc(5)])
    }
    if (api === API.handshake) {
      return Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1, 0, 5]), Buffer.from('PLAIN')])
    }
    if (api !== API.authenticate) return undefined
    const password = request.slice(request.lastIndexOf('\0me\0') + 4, -1)
    const text = Buffer.from(`${formsOf(password)} ${btoa(`\0me\0${password}`)}`)
    const length = Buffer.from([((text.length + 1) & 0x7f) | 0x80, (text.length + 1) >> 7])
    const head = Buffer.from([0, 0, ILLEGAL_STATE])
    return Buffer.concat([head, length, text, Buffer.from([1]), Buffer.alloc(9)])
  }
  return listenTcp(t, (socket) => {
    socket.on('data', (data) => {
      const body = answerTo(data.readInt16BE(4), data.toString('latin1'))
      if (body) socket.write(sized(Buffer.concat([data.subarray(8, 12), body])))
      else socket.destroy()
    })
  })
}

/** With its length in front. */
function sized(body: Buffer, more = 0): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + more)
  return Buffer.concat([length, body])
}
