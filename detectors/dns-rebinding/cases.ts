import type { SessionCase } from '#detector'
import { fetched } from '../../test/support/journeys.js'

const idp = 'https://auth.example.com'

export default [
  {
    name: 'public when it was checked, loopback when it was used',
    kind: 'fires',
    events: [fetched(0, 'f1', [{ origin: idp, checked: ['93.184.216.34'], used: '127.0.0.1' }])],
    finds: ['f1'],
    severity: 'high',
  },
  {
    name: 'one answer with a public and a private address',
    kind: 'fires',
    events: [fetched(0, 'f1', [{ origin: idp, checked: ['93.184.216.34', '10.0.0.1'], used: '93.184.216.34' }])],
    finds: ['f1'],
    severity: 'high',
  },
  {
    name: 'a minute later the name stands for a private address',
    kind: 'fires',
    events: [
      fetched(0, 'f1', [{ origin: idp, checked: ['93.184.216.34'], used: '93.184.216.34' }]),
      fetched(60, 'f2', [{ origin: idp, checked: ['192.168.1.1'], used: '192.168.1.1' }]),
    ],
    finds: ['f2'],
    severity: 'high',
  },
  {
    name: 'a redirect into private space that the guard refused',
    kind: 'fires',
    events: [
      fetched(
        0,
        'f1',
        [
          { origin: idp, checked: ['93.184.216.34'], used: '93.184.216.34' },
          { origin: 'http://[fd00::1]', checked: ['fd00::1'] },
        ],
        { decision: 'denied', detail: { mode: 'guarded', reason: 'address' } },
      ),
    ],
    finds: ['f1'],
    severity: 'medium',
  },
  {
    name: 'noisy, benign: a large service with another public address each time',
    kind: 'fires',
    events: [fetched(0, 'f1', [{ origin: idp, checked: ['93.184.216.34'], used: '93.184.216.99' }])],
    finds: ['f1'],
    severity: 'info',
  },
  {
    name: 'what was checked was used',
    kind: 'quiet',
    events: [
      fetched(0, 'f1', [{ origin: idp, checked: ['93.184.216.34', '93.184.216.35'], used: '93.184.216.35' }]),
      fetched(9, 'f2', [{ origin: idp, checked: ['93.184.216.35'], used: '93.184.216.35' }]),
    ],
    finds: [],
  },
  {
    name: 'a provider that always was inside',
    kind: 'quiet',
    events: [
      fetched(0, 'f1', [{ origin: 'https://idp.corp.example', checked: ['10.0.0.5'], used: '10.0.0.5' }]),
      fetched(9, 'f2', [{ origin: 'https://idp.corp.example', checked: ['10.0.0.5'], used: '10.0.0.5' }]),
    ],
    finds: [],
  },
] satisfies SessionCase[]
