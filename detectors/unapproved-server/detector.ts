import { type AuditEvent, type Draft, sessionDetector, stepOf, whoOf } from '#detector'

/**
 * A shadow server: one that nobody approved, or an approved name at an address or command line that nobody approved. A server's
 * name is its own word, so a known name alone proves nothing. The allowlist is the policy file's `servers`.
 */
export default sessionDetector({
  about: {
    title: 'A server that the allowlist does not name',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0081'], mcp: ['MCP09:2025'], asi: ['ASI10'] },
    needs: ['policy'],
    version: 1,
  },

  judge({ events, policy }) {
    if (!policy.states('servers')) return { notEvaluated: 'policy', because: 'the policy has no allowlist of servers' }
    const seen = new Set<string>()
    return events.flatMap((event) => {
      const name = serverOf(event)
      if (name === '' || seen.has(name)) return []
      // By name and address together: a second address is a second server.
      seen.add(name)
      const standing = policy.standing(event)
      return standing === 'approved' ? [] : [draftOf(event, standing === 'moved')]
    })
  },
})

/** '' where an event is not about a server. The command line counts where one is known: only connections tell it. */
function serverOf({ serverName, serverAddress, detail }: AuditEvent): string {
  if (serverName === '' && serverAddress === '') return ''
  return JSON.stringify([serverName, serverAddress, detail['command_digest'] ?? detail['server_origin'] ?? ''])
}

function draftOf(event: AuditEvent, moved: boolean): Draft {
  const server = event.serverName || event.serverAddress
  const where = event.detail['command_line'] || event.detail['server_origin'] || event.serverAddress
  const said = moved
    ? `${server} is approved, but not at ${where || 'this place'}`
    : `${server} is on no allowlist${where === '' || where === server ? '' : ` (${where})`}`
  return {
    anchor: event,
    // Somebody's new tool is a conversation; a known name in another place is how a server is impersonated.
    severity: moved ? 'high' : 'medium',
    summary: `${whoOf(event)} used a server that nobody approved: ${said}`,
    calls: [event],
    steps: [stepOf(event, 'action', said)],
    score: { moved: moved ? 1 : 0 },
  }
}
