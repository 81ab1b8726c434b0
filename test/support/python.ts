/** A Python with FastMCP and OpenTelemetry from PyPI, in `.cache/`, made once. */
import { execFile } from 'node:child_process'
import { access, rename, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { fromRoot } from './root.js'

const run = promisify(execFile)

const packages = [
  'fastmcp==4.1.2',
  'opentelemetry-sdk==1.45.2',
  'opentelemetry-exporter-otlp-proto-http==1.45.2',
] as const

/** The interpreter's path in `python`, or in one line why there is none. In CI its absence is a failure. */
export async function pythonWithFastMcp(): Promise<{ readonly python: string } | { readonly absent: string }> {
  const folder = fromRoot(`.cache/python-${packages[0].replace('==', '-')}`)
  const python = `${folder}/bin/python`
  try {
    if (!(await exists(python))) await install(folder)
    return { python }
  } catch (error) {
    if (process.env['CI']) throw error
    return { absent: `FastMCP tests need python3 with venv, and PyPI: ${(error as Error).message.split('\n')[0]}` }
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Interpreters of a venv know their folder, so it is made in place and marked whole by its last step, a rename. */
async function install(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', folder])
  await rename(`${folder}/bin/python`, `${folder}/bin/python-unready`)
  await run(`${folder}/bin/python-unready`, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    ...packages,
  ])
  await rename(`${folder}/bin/python-unready`, `${folder}/bin/python`)
}
