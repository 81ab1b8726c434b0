#!/usr/bin/env node
// The door of the command line. A fresh clone has neither packages nor a build, and `npm start` must work on it: so this
// file is plain JavaScript, makes what is missing, and only then hands over to src/main.ts.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const main = join(root, 'dist/src/main.js')

/** Runs npm with its output on stderr: stdout belongs to the command (and for `tap` to a protocol). */
function npm(...args) {
  const run = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (run.status === 0) return
  process.stderr.write(`watchkeeper: "npm ${args.join(' ')}" failed; run it in ${root} to see why\n`)
  process.exit(run.status ?? 1)
}

/** A checkout has sources, a published package has not: only the former is built here. */
function newestSource(folder) {
  let newest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path))
    else if (/\.(ts|sql|json)$/.test(entry.name)) newest = Math.max(newest, statSync(path).mtimeMs)
  }
  return newest
}

if (existsSync(join(root, 'src/main.ts'))) {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) {
    process.stderr.write('watchkeeper: first start, installing packages …\n')
    npm('ci', '--no-audit', '--no-fund')
  }
  const built = existsSync(main)
    ? (statSync(join(root, 'dist/tsconfig.tsbuildinfo'), { throwIfNoEntry: false })?.mtimeMs ?? 0)
    : 0
  if (Math.max(newestSource(join(root, 'src')), newestSource(join(root, 'detectors'))) > built) {
    process.stderr.write('watchkeeper: building …\n')
    npm('run', '--silent', 'build')
  }
}

await import(pathToFileURL(main).href)
