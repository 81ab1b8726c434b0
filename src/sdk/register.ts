/**
 * `node --import @watchkeeper/sdk/register server.js`: `start()` before the program, without a line of code in it. Needs
 * `@opentelemetry/sdk-node`. Reads the environment (`environment.ts`). A fault is one line on stderr, and the program runs.
 */
try {
  const { start } = await import('./start.js')
  const { fault } = await start()
  if (fault !== '') process.stderr.write(`@watchkeeper/sdk: nothing is reported: ${fault}\n`)
} catch (error) {
  const { code = 'unknown' } = error as { readonly code?: string }
  process.stderr.write(`@watchkeeper/sdk: nothing is reported: it could not be started (${code})\n`)
}
