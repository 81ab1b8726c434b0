/**
 * Where `#detector` and simple-statistics are for a detector in a folder of somebody's own: there is no package around it that
 * says so, and it has to get the very contract that runs it. Stands alone, since Node before 22.15 runs it in a thread of its own.
 */
const ours: ReadonlyMap<string, string> = new Map([
  ['#detector', new URL('./contract.js', import.meta.url).href],
  ['#detector/story', new URL('./story.js', import.meta.url).href],
])

interface Context {
  readonly parentURL?: string
}

/** A resolve hook of Node's `module.registerHooks()` and `module.register()`. */
export function resolve<Found>(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Found,
): Found | { readonly url: string; readonly shortCircuit: true } {
  const url = ours.get(specifier)
  if (url !== undefined) return { url, shortCircuit: true }
  return next(specifier, specifier === 'simple-statistics' ? { ...context, parentURL: import.meta.url } : context)
}
