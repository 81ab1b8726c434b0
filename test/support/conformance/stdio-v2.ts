/** A stdio server of SDK v2, both eras, a program of its own. Its one argument is a DSN. */
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { Emitter, parseDsn } from '@watchkeeper/sdk'
import { serverV2 } from './v2.js'

const dsn = parseDsn(process.argv[2] ?? '')
if ('fault' in dsn) throw new Error(dsn.fault)
const emitter = new Emitter({ dsn, flushEveryMs: 10 })
serveStdio(() => serverV2(emitter))
