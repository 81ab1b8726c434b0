/** Servers of protocols in lines, on loopback: TCP as a test wants it, and SMTP that answers as it is told and keeps the mails. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** Resolves to its port. */
export async function tcpServer(t: TestContext, serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export interface Script {
  /** Answers by the command's first word; `data` is for the message. Undefined hangs up. */
  readonly answers?: Readonly<Record<string, string | undefined>>
  /** Told of each whole mail before it is answered; `false` leaves it without an answer. */
  readonly onMail?: () => boolean
}
export async function smtpServer(
  t: TestContext,
  { answers = {}, onMail = () => true }: Script = {},
): Promise<{ readonly mails: readonly string[]; readonly port: number }> {
  const mails: string[] = []
  const port = await tcpServer(t, (socket) => {
    const say = (command: string, usual: string): void => {
      if (command in answers && answers[command] === undefined) socket.destroy()
      else socket.write(`${answers[command] ?? usual}\r\n`)
    }
    let mail: string | undefined
    let rest = ''
    say('CONNECT', '220 mail.example ESMTP')
    socket.on('data', (chunk) => {
      rest += chunk.toString()
      for (let at = rest.indexOf('\r\n'); at >= 0; at = rest.indexOf('\r\n')) {
        const line = rest.slice(0, at)
        rest = rest.slice(at + 2)
        if (mail !== undefined) {
          if (line === '.') {
            mails.push(mail)
            mail = undefined
            if (onMail()) say('data', '250 queued')
          } else mail += `${line}\n`
          continue
        }
        const [word = ''] = line.toUpperCase().split(/[ :]/)
        if (word === 'DATA') mail = ''
        say(word, word === 'DATA' ? '354 go on' : word === 'QUIT' ? '221 bye' : '250 ok')
      }
    })
  })
  return { mails, port }
}
