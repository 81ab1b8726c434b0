import { type AuditEvent, type Draft, nameOf, sessionDetector, stepOf, whoOf } from '#detector'

/**
 * An example that works: a call was refused, and afterwards a tool took the very same arguments. Replace the idea, and keep the
 * form: a verdict about a call (its anchor) rests only on what had ended when that call began.
 */
export default sessionDetector({
  about: {
    title: 'What was refused was done another way',
    // The highest severity it gives. `high` pages a person, `medium` alerts, `low` and `info` only join incidents of others.
    severity: 'medium',
    // On trial it is recorded and alerts nobody: look at its findings for a while before you make it `stable`.
    maturity: 'trial',
    tags: { atlas: ['AML.T0053'], mcp: ['MCP07:2025'], asi: ['ASI02'] },
    // What it cannot do without. Where that is missing it says so, and never "clean".
    needs: ['arguments'],
    // Raise it with every change of its verdicts.
    version: 1,
  },
  // It is asked again when something of these kinds arrives in a session.
  wakesOn: ['call'],

  judge({ events, policy }) {
    const calls = events.filter(({ kind, argDigest }) => kind === 'call' && argDigest !== '')
    if (calls.length === 0) return { notEvaluated: 'arguments', because: 'no call of this session has its arguments' }
    return calls
      .filter((call) => call.outcome === 'ok' && policy.toolClass(call) !== 'read')
      .flatMap((call) => {
        const refused = calls.find((other) => isRefusalOf(other, call))
        return refused === undefined ? [] : [finding(call, refused)]
      })
  },
})

const isRefusalOf = (other: AuditEvent, call: AuditEvent): boolean =>
  other.outcome === 'denied' &&
  other.endedAt <= call.startedAt &&
  other.argDigest === call.argDigest &&
  (other.tool !== call.tool || other.serverName !== call.serverName)

const finding = (call: AuditEvent, refused: AuditEvent): Draft => ({
  anchor: call,
  severity: 'medium',
  summary: `${whoOf(call)}: ${nameOf(call)} took the arguments that ${nameOf(refused)} had refused`,
  calls: [call, refused],
  steps: [
    stepOf(refused, 'context', `${nameOf(refused)} refused`),
    stepOf(call, 'action', `${nameOf(call)} took the same arguments`),
  ],
  // Numbers that explain the verdict.
  score: { seconds_between: (call.startedAt - refused.endedAt) / 1_000_000 },
})
