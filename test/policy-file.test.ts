/** What a writer of `watchkeeper.yaml` is told, and how sections of different stages live in one file. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { WatchkeeperError } from '../src/errors.js'
import { policySections } from '../src/policies.js'
import { parsePolicy, readPolicyFile, type Section } from '../src/policy-file.js'
import { listOf, record, required, text } from '../src/yaml-reader.js'
import { fromRoot } from './support/root.js'

/** The faults of a file, one a line. */
function faultsOf(source: string, sections: readonly Section[] = policySections): string[] {
  try {
    parsePolicy('w.yaml', source, sections)
  } catch (error) {
    assert.ok(error instanceof WatchkeeperError)
    assert.equal(error.code, 'WK_POLICY')
    const [head = '', ...lines] = error.message.split('\n  ')
    assert.match(head, new RegExp(`has ${lines.length} fault`))
    return lines
  }
  return []
}

test('all faults come at once, each with its line and column', () => {
  const source = `servers:
  - name: crm
    adresses: [crm.corp.example]
  - addresses: ["https://x"]
tools:
  - { tool: export, class: hihg-impact }
crown_jewels:
  - { what: the vault }
own_domains: corp.example
`
  assert.deepEqual(faultsOf(source), [
    'w.yaml:3:5: there is no key "adresses" here: did you mean addresses?',
    'w.yaml:4:5: name is missing',
    'w.yaml:4:17: expected a host or an address, with a port or without: crm.corp.example, 10.1.2.3:8080',
    'w.yaml:6:28: expected one of read, write, high-impact: did you mean high-impact?',
    'w.yaml:8:5: expected at least one of server, tool, resource',
    'w.yaml:9:14: expected a list, found text',
  ])
})

test('a mistyped section is named with what was meant, at the top and under a tenant', () => {
  assert.deepEqual(faultsOf('sensitve: []\ntenants:\n  acme:\n    tols: []\n'), [
    'w.yaml:1:1: there is no key "sensitve" here: did you mean sensitive?',
    'w.yaml:4:5: there is no key "tols" here: did you mean tools?',
  ])
})

test('a word that is near to nothing is told what there is', () => {
  assert.match(faultsOf('colour: red')[0] ?? '', /there is no key "colour" here: servers, tools, /)
})

test('what YAML takes for a number or a truth is not silently text', () => {
  assert.deepEqual(faultsOf('servers:\n  - { name: 42, closed_world: yes }'), [
    'w.yaml:2:13: expected text, found number 42: put it in quotes',
    'w.yaml:2:31: expected true or false, found text',
  ])
})

test('broken YAML, a key twice and a document that is no mapping are faults with a place', () => {
  assert.match(faultsOf('servers:\n  - { name: crm').join(), /^w\.yaml:2:\d+: /)
  assert.match(faultsOf('tools: []\ntools: []').join(), /^w\.yaml:2:1: .*unique/i)
  assert.deepEqual(faultsOf('- servers'), ['w.yaml:1:1: expected a mapping, found a list'])
  assert.match(faultsOf('servers: *nothing').join(), /w\.yaml:1:10: /)
})

test('one server twice is a fault, since it would be open which entry holds', () => {
  assert.deepEqual(faultsOf('servers:\n  - { name: crm }\n  - { name: crm, closed_world: true }'), [
    'w.yaml:2:3: crm stands here twice: put both into one entry',
  ])
})

test('an empty file says nothing, and a missing one is a fault that names it', async () => {
  assert.deepEqual(faultsOf(''), [])
  assert.deepEqual(faultsOf('# nothing yet\n'), [])
  await assert.rejects(
    readPolicyFile('/nowhere/w.yaml', policySections),
    /policy file \/nowhere\/w\.yaml cannot be read.*ENOENT/,
  )
})

test('an anchor stands for what it names', () => {
  const source = 'tools:\n  - &export { tool: export, class: write }\ntenants:\n  acme:\n    tools: [*export]\n'
  const [tools] = policySections.filter(({ name }) => name === 'tools')
  assert.ok(tools)
  assert.equal(parsePolicy('w.yaml', source, policySections).of(tools, 'acme').length, 2)
})

test('a stage brings a section of its own, also for one tenant, and its faults are told with all others', () => {
  const routes: Section<readonly { readonly to: string }[]> = {
    name: 'routes',
    reader: listOf(record({ to: required(text()) })),
  }
  const sections = [...policySections, routes]
  const file = parsePolicy('w.yaml', 'routes: [{ to: all }]\ntenants: { acme: { routes: [{ to: acme }] } }', sections)
  assert.deepEqual(file.of(routes, 'acme'), [[{ to: 'acme' }], [{ to: 'all' }]])
  assert.deepEqual(file.of(routes, 'other'), [[{ to: 'all' }]])
  assert.deepEqual(faultsOf('routes: [{ too: x }]\ntools: x', sections), [
    'w.yaml:1:10: to is missing',
    'w.yaml:1:12: there is no key "too" here: did you mean to?',
    'w.yaml:2:8: expected a list, found text',
  ])
})

test('the example has no fault, and explains every section there is', async () => {
  const path = fromRoot('deploy/watchkeeper.example.yaml')
  const source = await readFile(path, 'utf8')
  const file = await readPolicyFile(path, policySections)
  for (const section of policySections) {
    assert.ok(file.of(section, '').length > 0, `${section.name} is not in the example`)
    assert.match(source, new RegExp(`^# .*\\n${section.name}:`, 'm'), `${section.name} is not explained`)
  }
  assert.deepEqual(file.tenants, ['acme'])
})
