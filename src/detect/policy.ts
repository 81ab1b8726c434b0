/**
 * What holds without a policy file (the design's "Trust"): every result is open to outsiders' text, a tool has effects
 * unless its name and its parameters together say that it reads, private is what the names say is private, and no
 * destination is our own. Names come from servers: they may raise suspicion; "reads" is believed of a name only where
 * nothing else contradicts it.
 */
import type { AuditEvent, Basis, Policy, Source } from './contract.js'

/** The words of a name: `listUserFiles`, `list-user-files` and `files.list_user` hold list, user and files. */
export const wordsOf = (name: string): string[] =>
  name
    .slice(0, 512)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}*]+/u)
    .filter((word) => word !== '')

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

/** Verbs of tools that look and leave everything as it was. */
const readingWords = words(
  'get list read search find query fetch lookup look show describe view count check browse retrieve inspect summarize ' +
    'explain calculate compute compare analyze validate ping status info help think route recommend',
)

/** Verb groups of capture that change something, and those whose change is hard to take back. */
const changingGroups = words('message publish create update book')
const gravestGroups = words('pay remove exec approve member')

const quietMethods = words('resources/read resources/list resources/templates/list prompts/get prompts/list tools/list')
const moreQuietMethods = words('completion/complete ping initialize server/discover tasks/get tasks/list')

interface Classed {
  readonly class: ReturnType<Policy['toolClass']>
  readonly basis: Basis
}

function classed(event: AuditEvent): Classed {
  if (quietMethods.has(event.method) || moreQuietMethods.has(event.method)) return { class: 'read', basis: 'name' }
  // An annotation is a claim: it may raise the class, never lower it.
  if (event.verbs.some((verb) => gravestGroups.has(verb))) return { class: 'high-impact', basis: 'name' }
  if (event.claimedClass === 'high-impact') return { class: 'high-impact', basis: 'annotation' }
  if (event.verbs.some((verb) => changingGroups.has(verb))) return { class: 'write', basis: 'name' }
  if (event.claimedClass === 'write') return { class: 'write', basis: 'annotation' }
  const [first = ''] = wordsOf(event.tool.slice(event.tool.search(/[^./:]*$/)))
  return readingWords.has(first) ? { class: 'read', basis: 'name' } : { class: 'unknown', basis: 'nothing' }
}

const privateWords = words(
  'mail mails email emails inbox mailbox gmail outlook message messages dm chat file files document documents doc docs ' +
    'drive folder directory filesystem record records customer customers contact contacts patient patients employee ' +
    'employees user users account accounts transaction transactions invoice invoices payroll salary balance calendar ' +
    'note notes credential credentials secret secrets password passwords passwd token tokens key keys keychain vault env ' +
    'environment database db sql table tables crm hr backup backups',
)

function isSensitive(event: Source): boolean {
  if (event.resultSecretKinds.length > 0) return true
  const names = [event.tool, event.serverName, event.resource, event.prompt]
  return names.some((name) => wordsOf(name).some((word) => privateWords.has(word)))
}

const wideWords = words('* all')
const adminWords = words(
  'admin admins administrator administration root owner sudo super superuser full fullaccess impersonate',
)
const writeWords = words(
  'write readwrite create update edit modify delete remove send post publish upload manage execute exec run invoke insert append compose',
)
const readWords = words('read readonly view list get search query openid profile email offline metadata')

/**
 * Rank of an OAuth scope by its words, the highest one wins: `files:read` 1, `mail.send` 2, `admin:org` and `files:*` 3,
 * `repo` 0 (unknown). To read everything (`read:all`) is more than to read and less than to administer: 2.
 */
function scopeRank(scope: string): number {
  const parts = wordsOf(scope)
  const has = (known: ReadonlySet<string>): boolean => parts.some((part) => known.has(part))
  if (has(adminWords)) return 3
  if (has(wideWords)) return has(readWords) && !has(writeWords) ? 2 : 3
  if (has(writeWords)) return 2
  return has(readWords) ? 1 : 0
}

const vaultWords = words(
  'vault keychain keyring credentials secretsmanager kms 1password onepassword bitwarden keepass lastpass',
)
const productionWords = words('prod production')

/** Where credentials are kept, and what customers depend on, by name alone. */
function crownJewel({ kind, tool, serverName, resource }: AuditEvent): string {
  if (kind !== 'call') return ''
  const named = [tool, serverName, resource].flatMap(wordsOf)
  if (named.some((word) => vaultWords.has(word))) return 'a store of credentials'
  if (named.includes('secret') && named.includes('manager')) return 'a store of credentials'
  return named.some((word) => productionWords.has(word)) ? 'production' : ''
}

export const defaultPolicy: Policy = {
  states: () => false,
  standing: () => 'unknown',
  isClosedWorld: () => false,
  toolClass: (event) => classed(event).class,
  toolClassBasis: (event) => classed(event).basis,
  isOwnDestination: () => false,
  isSensitive,
  scopeRank,
  scopeRankBasis: (scope) => (scopeRank(scope) === 0 ? 'nothing' : 'name'),
  mustBeApproved: () => '',
  crownJewel,
  rootsOf: () => undefined,
  issuersOf: () => [],
  mustBeSandboxed: () => false,
  approvedServers: () => [],
  ownerOf: () => '',
}
