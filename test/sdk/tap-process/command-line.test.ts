import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { developmentFingerprintKey } from '@watchkeeper/sdk/dsn'
import fc from 'fast-check'
import { fromRoot } from '../../support/root.js'

// Not a door of the package: reached by its file.
const { commandFacts } = (await import(pathToFileURL(fromRoot('src/sdk/dist/tap-process/command-line.js')).href)) as {
  commandFacts(words: readonly string[], capturer: unknown): { command_line: string; command_digest: string }
}
const capturer = createCapturer({ key: developmentFingerprintKey })
const clear = (...words: string[]): string => commandFacts(words, capturer).command_line

describe('the command line in the clear', () => {
  for (const [words, expected] of [
    [
      ['npx', '-y', '@modelcontextprotocol/server-filesystem', '/srv/my files'],
      'npx -y @modelcontextprotocol/server-filesystem "/srv/my files"',
    ],
    [
      ['docker', 'run', '-e', 'GITHUB_PERSONAL_ACCESS_TOKEN=abc', 'image:1.2'],
      'docker run -e GITHUB_PERSONAL_ACCESS_TOKEN=[secret] image:1.2',
    ],
    [['server', '--api-key', 'hunter2'], 'server --api-key [secret]'],
    [['server', '--api-key=hunter2', '--port', '80'], 'server --api-key=[secret] --port 80'],
    [
      ['npx', 'mcp-remote', 'https://a.example/sse?key=abc&x=1'],
      'npx mcp-remote "https://a.example/sse?key=[secret]&x=1"',
    ],
    [
      ['npx', 'mcp-remote', '--header', 'Authorization: Basic YTpi'],
      'npx mcp-remote --header "Authorization: [secret]"',
    ],
    [['server', 'postgres://me:pass@db.example/x'], 'server [url_password]db.example/x'],
    [['server', 'Zm9vYmFyMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0'], 'server [opaque]'],
    [
      ['node', '/opt/a-server-with-quite-a-long-name-in-it/index.js'],
      'node /opt/a-server-with-quite-a-long-name-in-it/index.js',
    ],
  ] as const) {
    test(`${words.join(' ')}`, () => assert.equal(clear(...words), expected))
  }

  test('a secret behind a telling name is never in it, whatever the secret is; the digest changes with it', () => {
    const secret = fc.string({ minLength: 6, unit: fc.constantFrom(...'abcdefXYZ0123456789_.~+/') })
    const name = fc.constantFrom('API_KEY', 'access_token', 'DB_PASSWORD', 'clientSecret')
    fc.assert(
      fc.property(secret, name, (value, key) => {
        for (const words of [[`${key}=${value}`], [`--${key}`, value], [`--${key}=${value}`], [`${key}: ${value}`]])
          assert.ok(!clear('server', ...words).includes(value), words.join(' '))
        const digest = (text: string): string => commandFacts(['server', '--token', text], capturer).command_digest
        assert.notEqual(digest(value), digest(`${value}x`))
      }),
    )
  })
})
