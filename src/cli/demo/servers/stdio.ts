/** The end of a stdio server's file: watched by the SDK like any service's, told where to report by `WATCHKEEPER_DSN`. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { Emitter, instrument, parseDsn } from '@watchkeeper/sdk'
import { readConfig } from '../../../config.js'
import { WatchkeeperError } from '../../../errors.js'

/** Serves until the client closes our standard input. */
export async function serveStdio(server: McpServer, service: string): Promise<void> {
  const dsn = parseDsn(readConfig().dsn)
  if ('fault' in dsn) throw new WatchkeeperError('WK_DSN', dsn.fault)
  const emitter = new Emitter({ dsn, service })
  instrument(server, { emitter })
  process.stdin.once('end', () => {
    void server
      .close()
      .then(() => emitter.close())
      .then(() => process.exit(0))
  })
  await server.connect(new StdioServerTransport())
}
