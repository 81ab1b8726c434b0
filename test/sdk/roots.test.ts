import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { fromRoot } from '../support/root.js'

interface RootsLike {
  readonly known: boolean
  readonly told: string
  learn(result: unknown): void
  isLeftBy(args: unknown): boolean
}
// Not a door of the package: reached by its file.
const { Roots } = (await import(pathToFileURL(fromRoot('src/sdk/dist/roots.js')).href)) as {
  Roots: new (commandLine?: readonly string[]) => RootsLike
}

test('folders on the command line are roots, what runs is not', () => {
  const roots = new Roots(['npx', '-y', 'server-filesystem', '/srv/app/index.js', '/home/a/work', '/tmp/share/'])
  assert.equal(roots.told, JSON.stringify(['/home/a/work', '/tmp/share']))
  assert.equal(roots.isLeftBy({ path: '/home/a/work/b/c.txt' }), false)
  assert.equal(roots.isLeftBy({ path: '/home/a/worksheets/c.txt' }), true)
  assert.equal(roots.isLeftBy({ path: '/home/a/work/../.ssh/id_rsa' }), true)
  assert.equal(roots.isLeftBy({ paths: ['/tmp/share/x', { deep: '/etc/passwd' }] }), true)
})

test('what the client answers to roots/list replaces them', () => {
  const roots = new Roots(['server', '/old'])
  roots.learn({ roots: [{ uri: 'file:///new%20one' }, { uri: 'https://example.com/' }, 7] })
  assert.equal(roots.isLeftBy({ path: '/new one/a' }), false)
  assert.equal(roots.isLeftBy({ path: '/old/a' }), true)
  assert.equal(roots.isLeftBy({ uri: 'file:///old/a' }), true)
})

test('a relative path, a sentence with a path, and a server without roots say nothing', () => {
  const roots = new Roots(['server', '/w'])
  assert.equal(roots.isLeftBy({ path: 'a/b', text: 'see /etc/passwd', query: 'x' }), false)
  assert.equal(new Roots(['server']).isLeftBy({ path: '/etc/passwd' }), false)
})

test('Windows paths are compared without regard to case and separators', () => {
  const roots = new Roots(['server.exe', 'C:\\Work'])
  assert.equal(roots.isLeftBy({ path: 'c:/work/a.txt' }), false)
  assert.equal(roots.isLeftBy({ path: 'C:\\Windows\\x' }), true)
})
