// Runs the compiled tests with node's own runner: all of them, or those whose path holds one of the given words
// (`npm test -- store receive`).
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiled = join(root, 'dist/test')
const words = process.argv.slice(2)

const files = readdirSync(compiled, { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .map((file) => relative(root, join(compiled, file)))
  .sort()
if (files.length === 0) {
  process.stderr.write(`no test file matches ${words.join(' ')}\n`)
  process.exit(1)
}
const run = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-concurrency=2', '--test-reporter=spec', ...files],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
)
process.exit(run.status ?? 1)
