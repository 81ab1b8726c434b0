/** A stdio server of SDK v1, a program of its own. Its one argument is a DSN. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { Emitter, parseDsn } from '@watchkeeper/sdk'
import { serverV1 } from './v1.js'

const dsn = parseDsn(process.argv[2] ?? '')
if ('fault' in dsn) throw new Error(dsn.fault)
const emitter = new Emitter({ dsn, flushEveryMs: 10 })
const server = serverV1(emitter)
// This SDK's server does not notice that its client has gone. What is left to send, the emitter sends before the process ends.
process.stdin.on('end', () => void server.close())
await server.connect(new StdioServerTransport())
