/** Who says it: the instrumentation scope of our records, spans and metrics. */
export const source = { name: '@watchkeeper/sdk', version: '0.1.0' } as const
