/**
 * Delivers incidents to one receiver from a process of its own, since which authorities TLS trusts is settled when Node starts:
 * `NODE_EXTRA_CA_CERTS=… node deliver-process.js JOB`, the job in JSON. Prints the result of each in JSON.
 */
import type { DeliveryResult, Notice } from '../../src/alert/notifiers/contract.js'
import { type EmailSettings, email } from '../../src/alert/notifiers/email.js'
import { type SyslogSettings, syslog } from '../../src/alert/notifiers/syslog.js'
import type { Incident } from '../../src/incidents/incident.js'

export interface Job {
  readonly email?: Omit<EmailSettings, 'name' | 'now' | 'password'> & { readonly password: string | undefined }
  readonly syslog?: Omit<SyslogSettings, 'name' | 'now'>
  readonly told: readonly (readonly [Incident, Notice])[]
}

const job = JSON.parse(process.argv[2] ?? '') as Job
const now = (): number => Date.now() * 1_000
const password = job.email?.password
const notifier =
  job.email === undefined
    ? syslog({ ...(job.syslog as SyslogSettings), name: 'siem', now })
    : email({ ...job.email, name: 'mail', now, password: password === undefined ? undefined : async () => password })
const results: DeliveryResult[] = []
for (const [incident, notice] of job.told)
  results.push(await notifier.deliver(incident, notice, new AbortController().signal))
process.stdout.write(JSON.stringify(results))
