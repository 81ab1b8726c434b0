import {
  type AuditEvent,
  type Draft,
  listed,
  nameOf,
  type Session,
  type Severity,
  sessionDetector,
  stepOf,
  whoOf,
} from '#detector'

/**
 * Deleting one thing is work; deleting many in a row is either a clean-up that somebody asked for or damage. The fifth removal
 * within two minutes is told, once for each run of removals; who asked for it decides how loudly.
 */
export default sessionDetector({
  about: {
    title: 'Much was deleted or overwritten in quick succession',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0101'], mcp: ['MCP05:2025'], asi: ['ASI02'] },
    needs: ['arguments'],
    version: 1,
  },
  wakesOn: ['call'],

  judge(session) {
    const removals = session.events.filter(removes).sort((a, b) => a.startedAt - b.startedAt || a.endedAt - b.endedAt)
    const drafts: Draft[] = []
    let run: AuditEvent[] = []
    const told = new Set<string>()
    for (const event of removals) {
      // The same arguments again are a retry, not another loss.
      const what = JSON.stringify([event.serverName, event.tool, event.argDigest])
      if (event.argDigest !== '' && told.has(what)) continue
      told.add(what)
      const last = run.at(-1)
      if (last !== undefined && event.startedAt - last.startedAt > window) run = []
      run.push(event)
      const before = run.slice(0, -1).reduce((sum, one) => sum + weightOf(one), 0)
      const recent = run.filter(({ startedAt }) => event.startedAt - startedAt <= window)
      const weight = recent.reduce((sum, one) => sum + weightOf(one), 0)
      // Told at the removal that fills the measure, and not again while the run goes on.
      if (weight >= enough && before < enough) drafts.push(draftOf(event, recent, session))
    }
    return drafts
  },
})

/** Microseconds, and how much within it. */
const window = 120_000_000
const enough = 5

/** A command that destroys whole trees or tables counts for as many. */
const destroysMuch = ({ argSignals }: AuditEvent): boolean => (argSignals['command_destroy'] ?? 0) > 0
const weightOf = (event: AuditEvent): number => (destroysMuch(event) ? enough : 1)

function removes(event: AuditEvent): boolean {
  if (event.kind !== 'call' || event.method !== 'tools/call' || event.outcome !== 'ok') return false
  return destroysMuch(event) || event.verbs.includes('remove')
}

function draftOf(event: AuditEvent, run: readonly AuditEvent[], { events }: Session): Draft {
  const messages = events.filter(
    ({ kind, trusted, endedAt }) => kind === 'user_message' && trusted && endedAt <= event.startedAt,
  )
  const asked = messages.some(({ verbs }) => verbs.includes('remove'))
  const severity: Severity = asked ? 'low' : messages.length === 0 ? 'medium' : 'high'
  const seconds = Math.round((event.endedAt - (run[0]?.startedAt ?? event.startedAt)) / 1_000_000)
  const tools = [...new Set(run.map(nameOf))]
  const who = asked
    ? 'a person had asked to remove something'
    : messages.length === 0
      ? 'what a person asked is not known'
      : 'no person asked to remove anything'
  return {
    anchor: event,
    severity,
    summary: `${whoOf(event)}: ${run.length === 1 ? 'one call that destroys much' : `${run.length} removals`} within ${seconds} s by ${listed(tools)}; ${who}`,
    calls: [event, ...run.slice(0, -1)],
    steps: run
      .map((one) =>
        stepOf(one, 'action', `${nameOf(one)} removed something${destroysMuch(one) ? ', much at once' : ''}`),
      )
      .sort((a, b) => a.at - b.at),
    score: { removals: run.length, seconds, asked: asked ? 1 : 0, messages: messages.length },
  }
}
