/** The MCP SDKs that a host has installed, by their files: for hosts that change no line of their MCP code. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Patchable } from './patch.js'

/**
 * Of the program that runs, else the working directory. It is where Node looks from: a command that was installed globally, and a
 * package of pnpm's, are links to elsewhere; `node .` names the folder itself.
 */
export function programFolder(entry: string | undefined = process.argv[1]): string {
  if (entry === undefined) return process.cwd()
  try {
    const file = realpathSync(entry)
    return statSync(file).isDirectory() ? file : dirname(file)
  } catch {
    // Named without its ending, which Node finds by itself.
    return dirname(entry)
  }
}

/**
 * The MCP SDK's classes as the host will import them: the same files, so the same classes. Both builds of v1 are looked at, since ES
 * modules and CommonJS have one each.
 */
export async function classesOf(folder: string): Promise<Patchable[]> {
  const found: Patchable[] = []
  const add = async (file: string, names: readonly string[]): Promise<void> => {
    try {
      const exports = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
      for (const name of names)
        if (typeof exports[name] === 'function') found.push(exports[name] as unknown as Patchable)
    } catch {
      // Not there, or it cannot be loaded: then the host cannot load it either.
    }
  }
  const v1 = packageFolder(folder, '@modelcontextprotocol/sdk')
  if (v1 !== undefined)
    for (const build of ['esm', 'cjs']) await add(join(v1, 'dist', build, 'shared/protocol.js'), ['Protocol'])
  for (const name of ['client', 'server']) {
    const v2 = packageFolder(folder, `@modelcontextprotocol/${name}`)
    if (v2 !== undefined)
      for (const file of ['index.mjs', 'index.cjs']) await add(join(v2, 'dist', file), ['Client', 'Server'])
  }
  return found
}

/** Where Node would look for a package, by its folders: `exports` of a package may hide its `package.json`. */
function packageFolder(folder: string, name: string): string | undefined {
  const places = createRequire(join(folder, 'program.js')).resolve.paths(name) ?? []
  return places.map((place) => join(place, name)).find((place) => existsSync(join(place, 'package.json')))
}
