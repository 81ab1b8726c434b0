import {
  type AuditEvent,
  type Draft,
  failed,
  listed,
  nameOf,
  type Policy,
  type Session,
  type Severity,
  sessionDetector,
  stepOf,
  whoOf,
} from '#detector'

/**
 * A local server runs with its user's rights, so what it is asked to do it does to the user's machine. It was given folders
 * (roots) to work in; a path outside, a command that opens a way in or out, or a start that tears down its box is what a
 * sandbox is there to stop. What was asked is known by kind only (capture signals), never by its text.
 */
export default sessionDetector({
  about: {
    title: 'A local server was asked to leave its box',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0105', 'AML.T0102'], mcp: ['MCP05:2025'], asi: ['ASI05'] },
    needs: [],
    version: 1,
  },
  wakesOn: ['call', 'connection'],

  judge(session) {
    const started = new Set<string>()
    return session.events.flatMap((event) => {
      const found =
        event.kind === 'call'
          ? fromCall(event, session)
          : event.kind === 'connection'
            ? fromStart(event, session.policy, started)
            : undefined
      return found === undefined ? [] : [draftOf(event, found)]
    })
  },
})

interface Escape {
  readonly what: string
  readonly severity: Severity
  readonly score: Readonly<Record<string, number>>
}

const ranks: readonly Severity[] = ['info', 'low', 'medium', 'high']
const lower = (severity: Severity): Severity => ranks[Math.max(0, ranks.indexOf(severity) - 1)] ?? 'info'

/** Kinds of command → what is said of it, and how bad it is where it ran. */
const commands: Readonly<Record<string, readonly [what: string, severity: Severity]>> = {
  command_shell_back: ['a shell for somebody elsewhere', 'high'],
  command_escape: ['a way out of its container', 'high'],
  command_download: ['to fetch something and run it', 'medium'],
  command_disable: ['to switch a protection off', 'medium'],
  command_persist: ['to be started again later', 'medium'],
  command_injection: ['shell syntax where no command belongs', 'medium'],
}

function fromCall(event: AuditEvent, session: Session): Escape | undefined {
  const { argSignals } = event
  const found: { what: string; severity: Severity }[] = []
  const has = (name: string): number => argSignals[name] ?? 0
  if (has('path_outside_roots') > 0) {
    const grave = has('path_credential') > 0 || has('path_system') > 0
    found.push({ what: 'a path outside its roots', severity: grave ? 'high' : 'medium' })
  }
  // Climbing by itself is how people write relative paths; encoded, it is meant to be overlooked.
  if (has('path_traversal') >= 1) found.push({ what: 'a path that climbs in disguise', severity: 'medium' })
  for (const [signal, [what, severity]] of Object.entries(commands)) if (has(signal) > 0) found.push({ what, severity })
  if (found.length === 0) return undefined

  const worst = found.map(({ severity }) => severity).sort((a, b) => ranks.indexOf(b) - ranks.indexOf(a))[0] ?? 'low'
  const stopped = failed(event)
  const asked = askedFor(event, session)
  const severity = [stopped, asked].filter(Boolean).reduce((given: Severity) => lower(given), worst)
  return {
    what: `${nameOf(event)} was asked for ${listed(found.map(({ what }) => what))}${stopped ? `; it ended as ${event.outcome || 'unknown'}` : ''}${asked ? ', as the person had said' : ''}`,
    severity,
    score: { kinds: found.length, stopped: stopped ? 1 : 0, asked: asked ? 1 : 0 },
  }
}

/** The person's own words hold the path or the address: their wish is theirs to have. */
function askedFor(event: AuditEvent, { events }: Session): boolean {
  const values = event.argFingerprints.filter(({ kind }) => kind === 'path' || kind === 'url' || kind === 'host')
  if (values.length === 0) return false
  const said = new Set(
    events
      .filter(({ kind, trusted, endedAt }) => kind === 'user_message' && trusted && endedAt <= event.startedAt)
      .flatMap(({ argFingerprints }) => argFingerprints.map(({ hash }) => hash)),
  )
  return said.size > 0 && values.some(({ hash }) => said.has(hash))
}

/** Each starts with a fixed word and has bounded gaps: linear time. */
const starts: readonly (readonly [what: string, severity: Severity, form: RegExp])[] = [
  ['with all of the machine’s rights', 'high', /\b(?:docker|podman)\b[^\n]{0,2000}\s--privileged\b/],
  ['with the machine’s whole file system', 'high', /\b(?:docker|podman)\b[^\n]{0,2000}\s(?:-v|--volume)[ =]"?\/:/],
  ['with the container runtime in its hands', 'high', /docker\.sock\b/],
  ['with the machine’s processes', 'medium', /\b(?:docker|podman)\b[^\n]{0,2000}\s--(?:pid|ipc|userns)[ =]host\b/],
  [
    'by a script that is fetched and run',
    'high',
    /\b(?:curl|wget)\b[^\n|]{1,500}\|\s{0,4}(?:sudo\s{1,4})?(?:ba|z|da)?sh\b/,
  ],
  ['as root', 'medium', /^(?:sudo|doas)\b/],
]

function fromStart(event: AuditEvent, policy: Policy, started: Set<string>): Escape | undefined {
  const { command_line: line = '', roots = '' } = event.detail
  const key = JSON.stringify([event.serverName, line, roots])
  if ((line === '' && roots === '') || started.has(key)) return undefined
  started.add(key)
  const [worst] = starts.filter(([, , form]) => form.test(line))
  if (worst !== undefined)
    return {
      what: `${event.serverName || 'a local server'} is started ${worst[0]}`,
      severity: worst[1],
      score: { start: 1 },
    }
  const allowed = policy.rootsOf(event.serverName)
  const wider = allowed === undefined ? [] : listOf(roots).filter((root) => !allowed.some((one) => isWithin(root, one)))
  return wider.length === 0
    ? undefined
    : {
        what: `${event.serverName || 'a local server'} was given ${listed(wider)}, more than its policy allows`,
        severity: 'medium',
        score: { wider_roots: wider.length },
      }
}

function listOf(json: string): string[] {
  try {
    const list: unknown = JSON.parse(json === '' ? '[]' : json)
    return Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string').slice(0, 64) : []
  } catch {
    return []
  }
}

const isWithin = (path: string, root: string): boolean => {
  const folder = root.replace(/\/+$/, '')
  return path === folder || path.startsWith(`${folder}/`)
}

function draftOf(event: AuditEvent, { what, severity, score }: Escape): Draft {
  return {
    anchor: event,
    severity,
    summary: `${whoOf(event)}: ${what}`,
    calls: [event],
    steps: [stepOf(event, 'action', what)],
    score,
  }
}
