import type { SessionCase } from '#detector'
import { call, story, user } from '../../test/support/story.js'

const removals = (count: number) =>
  Array.from({ length: count }, (_, index) => call('delete_file', { path: `reports/${index}.pdf` }, 'deleted'))

export default [
  {
    name: 'five files are gone, and nobody asked for it',
    kind: 'fires',
    events: story(user('Summarise the reports'), ...removals(7)),
    finds: ['c5'],
    severity: 'high',
  },
  {
    name: 'what the person asked is not known',
    kind: 'fires',
    events: story(...removals(5)),
    finds: ['c5'],
    severity: 'medium',
  },
  {
    name: 'noisy, benign: a clean-up that was asked for is noted',
    kind: 'fires',
    events: story(user('Delete the old reports please'), ...removals(12)),
    finds: ['c5'],
    severity: 'low',
  },
  {
    name: 'one statement that empties a table',
    kind: 'fires',
    events: story(user('How many customers are there?'), call('query', { sql: 'DROP TABLE customers;' }, 'ok')),
    finds: ['c1'],
    severity: 'high',
  },
  {
    name: 'four, a retry, and one that failed',
    kind: 'quiet',
    events: story(
      user('Tidy up my calendar'),
      ...removals(4),
      call('delete_file', { path: 'reports/0.pdf' }, 'deleted'),
      call('delete_file', { path: 'reports/9.pdf' }, 'not found', { outcome: 'tool_error' }),
    ),
    finds: [],
  },
  {
    name: 'many, with minutes between them',
    kind: 'quiet',
    events: story(...removals(8)).map((event, index) => ({
      ...event,
      startedAt: event.startedAt + index * 150_000_000,
      endedAt: event.endedAt + index * 150_000_000,
    })),
    finds: [],
  },
] satisfies SessionCase[]
