/** What the API takes and answers, once: fastify checks requests by it, answers hold nothing else, and OpenAPI is made of it. */
import { type TSchema, Type } from '@fastify/type-provider-typebox'
import { maturities, severities } from '../finding.js'
import { longestText, triageSteps, verdicts } from '../incidents.js'
import { tenantForm } from '../policy-file.js'
import { refusalCodes, refusalStatus } from './refusal.js'

/** Text that came from events, and so from whoever wants to be read. */
const fromEvents = (description: string) =>
  Type.String({ description: `${description} Text from events: do not trust it.` })
const micros = (description: string) => Type.Integer({ description: `${description} Microseconds since 1970, UTC.` })
const uuid = (description: string) => Type.String({ format: 'uuid', description })
const texts = (description: string) => Type.Array(Type.String(), { description })

export const statuses = ['open', 'acknowledged', 'resolved'] as const

export const ErrorAnswer = Type.Object(
  {
    error: Type.Object({
      code: Type.Enum(refusalCodes, { description: 'Does not change; to branch on.' }),
      message: Type.String({ description: 'For people.' }),
      faults: Type.Optional(
        Type.Array(Type.String(), { description: 'Each fault of the input, where there are several.' }),
      ),
    }),
  },
  { description: 'Why the request was not done.' },
)

/** The answer, and every refusal that any route may give. */
export const answers = <Answer extends TSchema>(answer: Answer, status = 200) => ({
  [status]: answer,
  ...Object.fromEntries(
    [...new Set(Object.values(refusalStatus))]
      .filter((code) => code !== refusalStatus.log_in_failed)
      .map((code) => [code, ErrorAnswer]),
  ),
})

export const TenantName = Type.String({ pattern: tenantForm.source, description: 'A tenant.' })

const state = {
  status: Type.Enum([...statuses]),
  reopened: Type.Boolean({ description: 'It was resolved, and evidence came after that.' }),
  assignee: Type.String({ description: "'' where nobody has it." }),
  verdict: Type.Enum(['', ...verdicts]),
  by: Type.String({ description: 'Who acknowledged or resolved it.' }),
  since: micros('When; 0 where nobody did.'),
  comments: Type.Integer(),
}

export const State = Type.Object(state)

const head = {
  id: uuid('Of the incident; does not change.'),
  tenant: Type.String(),
  version: Type.Integer({ description: 'Grows with the evidence.' }),
  severity: Type.Enum([...severities]),
  maturity: Type.Enum([...maturities], { description: 'A trial incident pages nobody.' }),
  title: fromEvents('The headline.'),
  summary: fromEvents('One or two sentences.'),
  session: Type.String({ description: "'' where the cause is not a session." }),
  firstAt: micros('Of the evidence, the first.'),
  lastAt: micros('Of the evidence, the last.'),
  openedAt: micros('When it was opened.'),
  updatedAt: micros('When evidence was last added.'),
}

export const ListedIncidentAnswer = Type.Object({
  ...head,
  detectors: texts('Of its findings.'),
  subjects: Type.Array(fromEvents('Whose credentials were used.')),
  servers: Type.Array(fromEvents('MCP servers.')),
  tools: Type.Array(fromEvents('Tools.')),
  findings: Type.Integer({ description: 'How many.' }),
  ...state,
})

const Step = Type.Object({
  recordId: Type.String(),
  eventId: Type.String(),
  at: micros(''),
  part: Type.Enum(['request', 'source', 'action', 'context']),
  note: fromEvents('What there is to see.'),
})

const Matched = Type.Object({
  kind: Type.String(),
  hash: Type.String({ description: 'Keyed: the value itself is not kept.' }),
  firstIn: Type.String({ description: 'Record where the value first appeared.' }),
  usedIn: Type.String({ description: 'Record where it was used.' }),
})

const FindingAnswer = Type.Object({
  fingerprint: Type.String(),
  detector: Type.String(),
  detectorVersion: Type.Integer(),
  severity: Type.Enum([...severities]),
  title: fromEvents('What it is.'),
  summary: fromEvents('One sentence.'),
  session: Type.String(),
  subject: fromEvents('Whose credentials were used.'),
  server: fromEvents('MCP server.'),
  tool: fromEvents('Tool.'),
  anchor: Type.String(),
  calls: texts('Records to look at first.'),
  score: Type.Record(Type.String(), Type.Number(), { description: 'The score and its parts.' }),
  tags: Type.Object({
    atlas: texts('MITRE ATLAS.'),
    mcp: texts('OWASP MCP Top 10.'),
    asi: texts('OWASP Agentic Top 10.'),
  }),
  at: micros('Of the event.'),
  foundAt: micros('When the detector judged.'),
})

export const HistoryStep = Type.Object({
  id: uuid('Of the step.'),
  action: Type.Enum([...triageSteps]),
  value: Type.String({ description: 'Assignee, verdict, or id of the exclusion.' }),
  text: Type.String({ description: 'What the person wrote.' }),
  actor: Type.String({ description: 'Who.' }),
  by: Type.Enum(['person', 'api_key', 'command']),
  version: Type.Integer({ description: 'Of the incident, as it was seen.' }),
  at: micros('When.'),
})

export const ReceiverName = Type.String({ maxLength: 64, description: 'As the policy file names the receiver.' })

export const DeliveryAnswer = Type.Object({
  incident: uuid('Of the incident.'),
  version: Type.Integer({ description: 'Of the incident.' }),
  receiver: ReceiverName,
  outcome: Type.String({ description: 'delivered, retry, refused, or again: waiting because somebody asked.' }),
  reason: Type.String({ description: 'Why it was not delivered.' }),
  attempts: Type.Integer(),
  at: micros('Of the last one.'),
})

export const IncidentAnswer = Type.Object({
  ...head,
  detectors: texts('Of its findings.'),
  findings: Type.Array(FindingAnswer),
  timeline: Type.Array(Step),
  matched: Type.Array(Matched),
  omitted: Type.Integer({ description: 'Steps and values that had no room.' }),
  tags: texts('Of all findings.'),
  state: State,
  history: Type.Array(HistoryStep),
  nextSteps: Type.Array(
    Type.Object({ what: Type.String(), lines: texts('One command; it holds ids, hashes and times alone.') }),
  ),
})

export const IncidentsQuery = Type.Object(
  {
    tenant: Type.Optional(TenantName),
    status: Type.Optional(Type.Array(Type.Enum([...statuses]), { maxItems: 3 })),
    severity: Type.Optional(Type.Array(Type.Enum([...severities]), { maxItems: 5 })),
    maturity: Type.Optional(Type.Enum([...maturities])),
    detector: Type.Optional(Type.String({ maxLength: 64, pattern: '^[a-z0-9-]*$' })),
    assignee: Type.Optional(Type.String({ maxLength: 200 })),
    session: Type.Optional(Type.String({ maxLength: 1_000, description: 'Of this session, or with a finding in it.' })),
    text: Type.Optional(
      Type.String({ maxLength: 200, description: 'Found in title, summary, session, subject and id.' }),
    ),
    sort: Type.Optional(Type.Enum(['updated', 'opened', 'severity'])),
    offset: Type.Integer({ minimum: 0, maximum: 100_000, default: 0 }),
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  },
  { additionalProperties: false },
)

export const IncidentId = Type.Object({ id: uuid('Of the incident.') })

export const ActionBody = Type.Object(
  {
    action: Type.Enum(['acknowledge', 'assign', 'comment', 'resolve', 'reopen', 'verdict']),
    value: Type.String({ maxLength: 200, default: '', description: 'Assignee (an empty one is nobody) or verdict.' }),
    text: Type.String({ maxLength: longestText, default: '', description: 'A comment, or the reason.' }),
    version: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'Of the incident as you saw it; evidence that came later reopens what is resolved. Default: the latest.',
      }),
    ),
    id: Type.Optional(uuid('Yours for this step: the same one sent twice is one step.')),
  },
  { additionalProperties: false },
)

export const ReachAnswer = Type.Object({
  total: Type.Integer({ description: 'Sessions in all; those that share most are listed.' }),
  destinations: Type.Array(fromEvents('Hosts and address domains that its calls sent to.')),
  sessions: Type.Array(
    Type.Object({
      session: Type.String(),
      by: Type.Array(Type.Enum(['value', 'text', 'destination'])),
      values: Type.Integer({ description: 'Different values that it shares.' }),
      subjects: Type.Array(fromEvents('Whose credentials were used.')),
      servers: Type.Array(fromEvents('MCP servers.')),
      firstAt: micros('First record that was touched.'),
      lastAt: micros('Last record that was touched.'),
    }),
  ),
})

const silenceHead = {
  matchers: Type.Array(
    Type.String({ maxLength: 500, description: 'Such as severity=~"high|critical"; all have to fit.' }),
    {
      maxItems: 20,
    },
  ),
  reason: Type.String({ maxLength: 2_000 }),
}

export const SilenceBody = Type.Object(
  {
    ...silenceHead,
    owner: Type.String({ maxLength: 200, default: '', description: 'Who answers for it; default: you.' }),
    tenant: Type.Union([Type.Literal(''), TenantName], {
      default: '',
      description: "'' is your tenant; of accounts for all tenants, all.",
    }),
    startsAt: Type.Optional(Type.Integer({ minimum: 0, description: 'Microseconds since 1970; default: now.' })),
    endsAt: Type.Integer({ minimum: 0, description: 'Microseconds since 1970.' }),
  },
  { additionalProperties: false },
)

export const SilenceId = Type.Object({ id: uuid('Of the silence.') })

export const SilenceAnswer = Type.Object({
  ...silenceHead,
  id: uuid('Of the silence.'),
  tenant: Type.String({ description: "'' is all tenants." }),
  version: Type.Integer(),
  owner: Type.String(),
  startsAt: micros('From here on.'),
  endsAt: micros('Until here.'),
  active: Type.Boolean(),
  actor: Type.String({ description: 'Who wrote this version.' }),
  at: micros('When this version was written.'),
})

const basis = Type.Enum(['policy', 'annotation', 'name', 'nothing'], { description: 'What the class rests on.' })
const standing = Type.Enum(['approved', 'moved', 'unknown', 'unstated'], {
  description: 'By the allowlist; unstated where there is none.',
})
const seen = { calls: Type.Integer(), firstAt: micros('First seen; 0: never.'), lastAt: micros('Last seen; 0: never.') }

export const ServerAnswer = Type.Object({
  tenant: Type.String(),
  server: fromEvents("Name; '' where it never told one."),
  standing,
  owner: Type.String({ description: 'By the policy.' }),
  closedWorld: Type.Boolean(),
  mustBeSandboxed: Type.Boolean(),
  places: Type.Array(
    Type.Object({
      address: fromEvents('Where it was met.'),
      commandLine: fromEvents('What started it.'),
      commandDigest: Type.String(),
      standing,
    }),
  ),
  tools: Type.Integer(),
  subjects: Type.Integer(),
  ...seen,
})

export const ToolAnswer = Type.Object({
  tenant: Type.String(),
  server: fromEvents('MCP server.'),
  tool: fromEvents('Name.'),
  class: Type.String({ description: 'read, write, high-impact or unknown.' }),
  classFrom: basis,
  claimed: Type.String({ description: 'What it says of itself.' }),
  verbs: texts('What its calls did, by the words of names and arguments.'),
  mustBeApproved: Type.Enum(['', 'arguments', 'result']),
  crownJewel: Type.String(),
  private: Type.Boolean(),
  refused: Type.Integer(),
  subjects: Type.Integer(),
  ...seen,
})

export const ScopeAnswer = Type.Object({
  tenant: Type.String(),
  subject: fromEvents('Who.'),
  client: fromEvents('By which client.'),
  server: fromEvents('At which server.'),
  scope: fromEvents('The scope.'),
  rank: Type.Integer({ description: '0 unknown, 1 read, 2 write, 3 admin or wildcard.' }),
  rankFrom: basis,
  use: Type.Enum(['used', 'unused', 'too early', 'not held']),
  held: Type.Integer(),
  requested: Type.Integer(),
  challenged: Type.Integer(),
  granted: Type.Integer(),
  firstAt: micros('First seen.'),
  lastAt: micros('Last seen.'),
})

export const SubjectAnswer = Type.Object({
  tenant: Type.String(),
  subject: fromEvents("Who; '' are all whom nobody named."),
  servers: Type.Integer(),
  unapprovedServers: Type.Integer(),
  tools: Type.Integer(),
  highImpactTools: Type.Integer(),
  scope: fromEvents('The mightiest that it held.'),
  scopeRank: Type.Integer(),
  refused: Type.Integer(),
  ...seen,
})

export const RiskAnswer = Type.Object({
  name: fromEvents('Subject or server.'),
  score: Type.Number({ description: 'Sum of the weights of its findings, halved for each day of age.' }),
  findings: Type.Integer(),
  worst: Type.Enum([...severities]),
  lastAt: micros('Of the latest.'),
})

export const DetectorAnswer = Type.Object({
  id: Type.String(),
  type: Type.Enum(['session', 'query']),
  title: Type.String(),
  severity: Type.Enum([...severities], { description: 'At most.' }),
  maturity: Type.Enum([...maturities]),
  version: Type.Integer(),
  needs: texts('Inputs without which it does not judge.'),
  tags: texts('MITRE ATLAS, OWASP MCP Top 10, OWASP Agentic Top 10.'),
  findings: Type.Integer({ description: 'Of 7 days.' }),
  excluded: Type.Integer({ description: 'Of these, what the policy file excludes.' }),
  runs: Type.Integer({ description: 'Of 24 hours.' }),
  failed: Type.Integer({ description: 'Of these, what did not end well.' }),
  lastFault: Type.String(),
  notEvaluated: Type.Integer({ description: 'Sessions of 24 hours that it could not judge.' }),
  lacks: texts('The inputs that these had not.'),
  lastRunAt: micros('0: never.'),
  lastFoundAt: micros('0: never.'),
  incidents: Type.Integer({ description: 'With a finding of it.' }),
  verdicts: Type.Object({
    true_positive: Type.Integer(),
    benign_true_positive: Type.Integer(),
    false_positive: Type.Integer(),
    undetermined: Type.Integer(),
  }),
  precision: Type.Union([Type.Number(), Type.Null()], {
    description:
      'Share of true ones, benign ones among them, of the incidents with a verdict that says; null where none does.',
  }),
})

export const SessionAnswer = Type.Object({
  tenant: Type.String(),
  session: Type.String(),
  keys: texts('All keys that belong to it.'),
  truncated: Type.Boolean({ description: 'It is longer: these are its latest events.' }),
  events: Type.Array(
    Type.Object({
      recordId: Type.String(),
      kind: Type.String(),
      method: fromEvents('MCP method.'),
      startedAt: micros('Began.'),
      endedAt: micros('Ended.'),
      subject: fromEvents('Whose credentials were used.'),
      client: fromEvents('MCP client.'),
      server: fromEvents('MCP server.'),
      tool: fromEvents('Tool.'),
      outcome: Type.String(),
      destinations: Type.Array(fromEvents('Where it sent to.')),
    }),
  ),
  flows: Type.Array(Matched, { description: 'Values of results that stand in arguments of later calls.' }),
})
