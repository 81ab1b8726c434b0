import type { Policy, SessionCase } from '#detector'
import { call, story } from '../../test/support/story.js'

const named: Partial<Policy> = {
  states: (part) => part === 'crown_jewels',
  crownJewel: ({ serverName }) => (serverName === 'billing-db' ? 'the billing database' : ''),
}

export default [
  {
    name: 'something is written to what the policy names',
    kind: 'fires',
    events: story(
      call('run_statement', { statement: 'UPDATE invoices SET paid = true' }, 'ok', { serverName: 'billing-db' }),
    ),
    policy: named,
    finds: ['c1'],
    severity: 'high',
  },
  {
    name: 'it is only read',
    kind: 'fires',
    events: story(call('get_invoice', { number: 7 }, 'Total 20.00', { serverName: 'billing-db' })),
    policy: named,
    finds: ['c1'],
    severity: 'medium',
  },
  {
    name: 'a file of credentials gives its credentials',
    kind: 'fires',
    events: story(
      call('read_file', { path: '/home/ann/.aws/credentials' }, 'aws_access_key_id = AKIAQYLPMN5HFIQR7XYA'),
    ),
    finds: ['c1'],
    severity: 'medium',
  },
  {
    name: 'the server refuses',
    kind: 'fires',
    events: story(call('read_file', { path: '~/.ssh/id_ed25519' }, 'access denied', { outcome: 'tool_error' })),
    finds: ['c1'],
    severity: 'low',
  },
  {
    name: 'by its name alone a vault is worth a note',
    kind: 'fires',
    events: story(call('write_entry', { key: 'a', value: 'b' }, 'ok', { serverName: 'team-vault' })),
    finds: ['c1'],
    severity: 'low',
  },
  {
    name: 'noisy, benign: a day of files with harmless names',
    kind: 'quiet',
    events: story(
      ...Array.from({ length: 30 }, (_, index) =>
        call('read_file', { path: `/work/app/src/env/keys-${index}.ts` }, `export const key${index} = ${index}`),
      ),
    ),
    finds: [],
  },
  {
    name: 'another server than the policy names',
    kind: 'quiet',
    events: story(call('run_statement', { statement: 'UPDATE notes SET done = true' }, 'ok', { serverName: 'notes' })),
    policy: named,
    finds: [],
  },
] satisfies SessionCase[]
