import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { fromRoot } from '../support/root.js'

interface RootsLike {
  readonly known: boolean
  readonly told: string
  learn(result: unknown): void
  leftBy(args: unknown): () => boolean
}
// Not a door of the package: reached by its file.
const { Roots } = (await import(pathToFileURL(fromRoot('src/sdk/dist/roots.js')).href)) as {
  Roots: new (commandLine?: readonly string[]) => RootsLike
}

test('folders on the command line are roots, what runs is not', () => {
  const roots = new Roots(['npx', '-y', 'server-filesystem', '/srv/app/index.js', '/home/a/work', '/tmp/share/'])
  assert.equal(roots.told, JSON.stringify(['/home/a/work', '/tmp/share']))
  assert.equal(roots.leftBy({ path: '/home/a/work/b/c.txt' })(), false)
  assert.equal(roots.leftBy({ path: '/home/a/worksheets/c.txt' })(), true)
  assert.equal(roots.leftBy({ path: '/home/a/work/../.ssh/id_rsa' })(), true)
  assert.equal(roots.leftBy({ paths: ['/tmp/share/x', { deep: '/etc/passwd' }] })(), true)
})

test('what the client answers to roots/list replaces them', () => {
  const roots = new Roots(['server', '/old'])
  roots.learn({ roots: [{ uri: 'file:///new%20one' }, { uri: 'https://example.com/' }, 7] })
  assert.equal(roots.leftBy({ path: '/new one/a' })(), false)
  assert.equal(roots.leftBy({ path: '/old/a' })(), true)
  assert.equal(roots.leftBy({ uri: 'file:///old/a' })(), true)
})

test('what was asked before they changed is judged by those of then', () => {
  const roots = new Roots(['server', '/old'])
  const isLeft = roots.leftBy({ path: '/old/a' })
  roots.learn({ roots: [{ uri: 'file:///new' }] })
  assert.equal(isLeft(), false)
})

test('a relative path, a sentence with a path, and a server without roots say nothing', () => {
  const roots = new Roots(['server', '/w'])
  assert.equal(roots.leftBy({ path: 'a/b', text: 'see /etc/passwd', query: 'x' })(), false)
  assert.equal(new Roots(['server']).leftBy({ path: '/etc/passwd' })(), false)
})

test('Windows paths are compared without regard to case and separators', () => {
  const roots = new Roots(['server.exe', 'C:\\Work'])
  assert.equal(roots.leftBy({ path: 'c:/work/a.txt' })(), false)
  assert.equal(roots.leftBy({ path: 'C:\\Windows\\x' })(), true)
})
