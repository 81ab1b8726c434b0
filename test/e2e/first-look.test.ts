/** What a newcomer does, as the README says it: the demo, then the commands of the ten minutes, word by word. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { freshSettings } from '../support/recorded-run.js'
import { fromRoot } from '../support/root.js'
import { cleanEnvironment, finished, service } from '../support/service.js'
import { traceFile, withoutTraces } from '../support/traces.js'

test('the demo shows the incident with its evidence and what to open next, and ends on Ctrl-C', {
  timeout: 120_000,
}, async (t) => {
  const settings = await freshSettings(t)
  const demo = spawn(process.execPath, [fromRoot('src/watchkeeper.mjs'), 'serve', '--demo'], {
    env: cleanEnvironment(settings),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => demo.kill('SIGKILL'))
  let told = ''
  demo.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    told += chunk
    if (told.includes('Ctrl-C ends it')) demo.kill('SIGINT')
  })
  const [code] = await once(demo, 'close')
  assert.equal(code, 0, told)
  assert.match(told, /CRITICAL {2}An action that text in a tool result ordered/)
  assert.match(told, /source {3}[^:]*sentence \d+ of the\s+result of read_ticket \(tickets\)/)
  assert.match(told, /action {3}export_contacts \(crm\) was called/)
  assert.match(told, /action {3}send_mail \(mail\) [^:]*was\s+called with/)
  assert.match(told, /held crm:read; gained crm:admin/)
  assert.match(told, /npx watchkeeper incidents show [0-9a-f-]{36}/)
})

/** The shell blocks of the README's ten minutes. */
async function readmeCommands(): Promise<readonly string[]> {
  const readme = await readFile(fromRoot('README.md'), 'utf8')
  const section = readme.split(/^## /m).find((text) => text.startsWith('Ten minutes'))
  assert.ok(section)
  const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => String(block))
  assert.ok(blocks.length >= 5)
  return blocks.filter((block) => !block.startsWith('npm start'))
}

/** The commands on this test's ports, sessions and checkout; nothing else of them is changed. */
const here = (block: string, settings: Readonly<Record<string, string>>, incident: string): string =>
  block
    .replaceAll('npx watchkeeper', `node ${fromRoot('dist/src/main.js')}`)
    .replaceAll(':4318', `:${settings['WATCHKEEPER_RECEIVE_PORT']}`)
    .replaceAll(':8318', `:${settings['WATCHKEEPER_CONSOLE_PORT']}`)
    .replaceAll('attacks.jsonl.gz', traceFile('attacks-dev') ?? '')
    .replaceAll('found.jsonl', join(String(settings['WATCHKEEPER_DATA_DIR']), 'found.jsonl'))
    .replaceAll(' show ID', ` show ${incident}`)

test('every command of the ten minutes works as written', { skip: withoutTraces, timeout: 900_000 }, async (t) => {
  const settings = await freshSettings(t)
  const all = service(t, settings)
  await all.start()
  const sh = (script: string) =>
    finished(
      spawn('bash', ['-euo', 'pipefail', '-c', script], {
        env: cleanEnvironment(settings),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )

  let incident = ''
  for (const block of await readmeCommands()) {
    if (block.includes(' show ID')) {
      const answer = await sh(
        here("npx watchkeeper sql 'SELECT toString(incident_id) FROM incident LIMIT 1' --format TSV", settings, ''),
      )
      incident = answer.stdout.trim()
      assert.match(incident, /^[0-9a-f-]{36}$/, 'the replay before led to incidents')
    }
    const { code, stdout, stderr } = await sh(here(block, settings, incident))
    assert.equal(code, 0, `${block}\n${stdout}\n${stderr}`)
    if (block.includes('find_contact')) assert.match(stdout, /tools\/call\tfind_contact\tok\t250000\t\d+\tcaptured/)
  }
})
