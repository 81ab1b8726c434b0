/**
 * What arguments ask of the machine that gets them: addresses that no name of the internet should lead to, paths, commands. Traits like
 * those in `signals.ts`, each 0..1 and absent where there is none: what they are worth is for a detector to say.
 *
 * - `address_loopback`, `address_private`, `address_link-local`, `address_metadata`, …: 0.5 as anybody would write it, 1 in disguise
 * - `scheme_odd`: 1 for a URL of a scheme that executes or tunnels, 0.5 for `file:` and `ftp:`
 * - `path_traversal`: climbs out of where it starts; 1 where the climbing is encoded
 * - `path_credential`: a file that holds credentials by its place or name; `path_system`: one that governs the machine
 * - `command_download`, `command_shell_back`, `command_destroy`, `command_persist`, `command_escape`, `command_disable`: kinds of dangerous command
 * - `command_injection`: shell syntax in an argument that is no command
 */
import { visible } from './fold.js'
import { hostFacts } from './hosts.js'
import type { Leaf } from './leaves.js'

/** Characters of one argument that are looked at, and URLs of one call: hazards stand in short values. */
const bounds: Readonly<Record<'leaf' | 'urls', number>> = { leaf: 16_384, urls: 64 }

/** Nothing below can match a text without one of these: ordinary words cost one scan. */
const suspicious =
  /[/\\:;|&$`%<>~]|\d{8,}|\.(?:pem|p12|pfx|kdbx|jks)\b|\bid_(?:rsa|ed25519)\b|\b(?:rm|dd|nc|drop|truncate|delete|format|git|powershell|crontab|systemctl|iptables|ufw|nsenter|unshare|docker)\s/i

export function hazardsOf(leaves: readonly Leaf[]): Record<string, number> {
  const hazards: Record<string, number> = {}
  const raise = (name: string, score: number): void => {
    if (score > (hazards[name] ?? 0)) hazards[name] = score
  }
  let urls = bounds.urls
  for (const { key, text: whole, scalar } of leaves) {
    if (scalar) continue
    const text = visible(whole.slice(0, bounds.leaf))
    if (!suspicious.test(text) && !hostKey.test(key)) continue
    urls = addresses(text, key, urls, raise)
    paths(text, raise)
    commands(text, key, raise)
  }
  return hazards
}

type Raise = (name: string, score: number) => void

const url =
  /\b([a-z][a-z0-9+.-]{1,30}):\/\/([^\s"'<>`|\\^{}/?#]{0,300})|\b(javascript|vbscript|data|jar|view-source):(?=\S)/gi
/** Parameters that name a host without a scheme. */
const hostKey = /(?:^|[_-])(?:host|hostname|server|address|endpoint|target|ip|domain|proxy)$/i
const oddSchemes: Readonly<Record<string, number>> = {
  javascript: 1,
  vbscript: 1,
  jar: 1,
  gopher: 1,
  dict: 1,
  ldap: 1,
  ldaps: 1,
  tftp: 1,
  'view-source': 1,
  data: 0.5,
  file: 0.5,
  ftp: 0.5,
  smb: 0.5,
}

function addresses(text: string, key: string, most: number, raise: Raise): number {
  let left = most
  const weighed = (authority: string): void => {
    const host = authority.slice(authority.lastIndexOf('@') + 1)
    const written = host.replace(/:\d{1,5}$/, '').toLowerCase()
    // Of any scheme: the host is spelled as the web would spell it.
    if (!URL.canParse(`http://${host}`)) return
    const facts = hostFacts(new URL(`http://${host}`).hostname, written)
    if (facts !== undefined && facts.is !== 'public') raise(`address_${facts.is}`, facts.disguised ? 1 : 0.5)
  }
  url.lastIndex = 0
  for (let match = url.exec(text); match !== null && left > 0; match = url.exec(text)) {
    left--
    const scheme = (match[1] ?? match[3] ?? '').toLowerCase()
    const odd = oddSchemes[scheme]
    // "data: …" and "javascript: …" are prose unless they are the whole of the argument.
    if (odd !== undefined && (match[3] === undefined || match.index === 0)) raise('scheme_odd', odd)
    if (match[2] && scheme !== 'file') weighed(match[2])
  }
  const bare = text.trim()
  if (hostKey.test(key) && bare.length <= 253 && /^[\w.:[\]-]+$/.test(bare)) weighed(bare)
  return left
}

const traversal = /(?:^|[\\/"'\s=])\.\.[\\/](?:[^\s"']{0,200}?\.\.[\\/])?/
const encodedTraversal = /(?:%2e|\.)(?:%2e|\.)(?:%2f|%5c|%252f|%c0%af)|%2e%2e[\\/]/i
const credentialPlaces =
  /(?:^|[\\/~"'\s=:])(?:\.ssh[\\/]|\.aws[\\/](?:credentials|config)|\.kube[\\/]config|\.docker[\\/]config\.json|\.gnupg[\\/]|\.azure[\\/]|\.config[\\/](?:gcloud|gh|op)[\\/]|\.netrc\b|\.pgpass\b|\.npmrc\b|\.pypirc\b|\.git-credentials\b|\.vault-token\b|\.env(?:\.[a-z]{1,20})?(?=$|["'\s;,)])|id_(?:rsa|dsa|ecdsa|ed25519)\b(?!\.pub)|etc[\\/](?:shadow|gshadow|sudoers)|proc[\\/](?:self|\d{1,7})[\\/]environ|Library[\\/]Keychains|Login Data\b|logins\.json\b|run[\\/]secrets[\\/]|serviceaccount[\\/]token|[^\\/\s"']{1,80}\.(?:pem|p12|pfx|kdbx|keystore|jks)\b)/i
const systemPlaces =
  /(?:^|["'\s=:])(?:\/(?:etc|boot|proc|sys|dev|root|var\/run|usr\/s?bin|s?bin)(?:\/|$)|[a-z]:\\(?:windows|program ?files))/i

function paths(text: string, raise: Raise): void {
  if (encodedTraversal.test(text)) raise('path_traversal', 1)
  else if (traversal.test(text)) raise('path_traversal', 0.5)
  if (credentialPlaces.test(text)) raise('path_credential', 1)
  if (systemPlaces.test(text)) raise('path_system', 0.5)
}

/** Each starts with a fixed word and has bounded gaps: linear time. */
const commandForms: readonly (readonly [kind: string, form: RegExp])[] = [
  // Fetches something and runs it.
  [
    'download',
    /\b(?:curl|wget|fetch|iwr|invoke-webrequest)\b[^\n|;&]{1,300}\|\s{0,4}(?:sudo\s{1,4})?(?:ba|z|da|k)?sh\b/i,
  ],
  ['download', /\b(?:ba|z)?sh\s{1,4}(?:-c\s{1,4}["']?\$\(|<\()\s{0,4}(?:curl|wget)\b/i],
  [
    'download',
    /\b(?:iex|invoke-expression)\b[^\n]{0,200}\b(?:downloadstring|iwr|irm|invoke-(?:webrequest|restmethod))\b/i,
  ],
  ['download', /\bpowershell(?:\.exe)?\b[^\n]{0,100}\s-e(?:nc|ncodedcommand)?\s{1,4}[a-z0-9+/=]{24}/i],
  ['shell_back', /\/dev\/(?:tcp|udp)\/[\w.-]{1,253}\/\d{1,5}/i],
  ['shell_back', /\b(?:nc|ncat|netcat|socat)\b[^\n]{0,120}(?:\s-[a-z]{0,6}[ec]\b|\bexec:)/i],
  ['shell_back', /\bpython[23]?\b[^\n]{0,60}-c\b[^\n]{0,200}\bsocket\b[^\n]{0,300}\b(?:dup2|pty|subprocess)\b/i],
  [
    'destroy',
    /\brm\s{1,4}(?:-[a-z-]{1,20}\s{1,4}){0,4}-[a-z]{0,6}(?:rf|fr|r)[a-z]{0,6}\s{1,4}(?:--\S{1,30}\s{1,4})?["']?(?:\/|~|\$home|\*|\.(?:\s|$|\/\*))/i,
  ],
  [
    'destroy',
    /\bmkfs(?:\.\w{1,10})?\b|\bdd\b[^\n]{0,120}\bof=\/dev\/|\bshred\b[^\n]{0,80}\s\/|:\(\)\s{0,2}\{\s{0,2}:\|:&\s{0,2}\}/i,
  ],
  [
    'destroy',
    /\b(?:drop|truncate)\s{1,4}(?:table|database|schema)\b|\bdelete\s{1,4}from\s{1,4}[\w."]{1,100}\s{0,4}(?:;|$|where\s{1,4}(?:1\s{0,2}=\s{0,2}1|true)\b)/i,
  ],
  [
    'destroy',
    /\b(?:vssadmin|wbadmin)\b[^\n]{0,60}\bdelete\b|\bformat\s{1,4}[a-z]:|\bgit\s{1,4}push\b[^\n]{0,60}(?:--force\b|\s-f\b)/i,
  ],
  [
    'persist',
    /\bcrontab\s{1,4}-(?!l)|\/etc\/cron|authorized_keys\b|>>\s{0,4}["']?~?[\w/.-]{0,100}\.(?:bashrc|zshrc|profile|bash_profile)\b/i,
  ],
  [
    'persist',
    /\bsystemctl\s{1,4}enable\b|\blaunchctl\s{1,4}load\b|\bschtasks\b[^\n]{0,40}\/create\b|\breg\s{1,4}add\b[^\n]{0,200}\\run\b/i,
  ],
  [
    'escape',
    /\/var\/run\/docker\.sock\b|\bdocker\b[^\n]{0,200}(?:--privileged\b|--pid[= ]host\b|-v\s{0,2}\/:)|\bnsenter\b|\bunshare\b|\bsetcap\b|\brelease_agent\b|\/proc\/1\/root\b/i,
  ],
  [
    'disable',
    /\b(?:setenforce\s{1,4}0|ufw\s{1,4}disable|iptables\s{1,4}-f\b|auditctl\s{1,4}-[de]|history\s{1,4}-c\b|set-mppreference\b[^\n]{0,60}-disable)/i,
  ],
]

/** Parameters that are commands: shell syntax is at home there. */
const commandKey =
  /(?:^|[_-])(?:cmd|command|commands|script|shell|code|query|sql|source|program|args?|content|text|body|expression|pattern|regex)$/i
const injected =
  /[;&|]{1,2}\s{0,4}(?:rm|cat|curl|wget|nc|ncat|bash|sh|zsh|python[23]?|perl|ruby|node|powershell|cmd|id|whoami|uname|env|printenv|chmod|chown|kill|sleep|ping|nslookup|dig)\b|\$\([^)\n]{1,200}\)|`[a-z][^`\n]{1,200}`|\$\{ifs\}/i
const prose = 400

function commands(text: string, key: string, raise: Raise): void {
  for (const [kind, form] of commandForms) if (form.test(text)) raise(`command_${kind}`, 1)
  // A long text is prose with code in it; an injection is a short value with a tail.
  if (text.length <= prose && !commandKey.test(key) && injected.test(text)) raise('command_injection', 1)
}
