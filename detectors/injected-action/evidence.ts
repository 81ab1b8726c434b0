/**
 * How well one sentence of a result (an order) explains one later call (an action). Every number is 0..1 and means the same for
 * every tool, language and kind of value, so that it can be weighted, explained and shown.
 */
import type { AuditEvent } from '#detector'

type Fingerprint = AuditEvent['argFingerprints'][number]
type Order = AuditEvent['orders'][number]
type Kind = Fingerprint['kind']

/** One argument of an action: the values in it. */
export interface Argument {
  readonly leaf: number
  /** The whole argument as one value: its phrase, or its only word. */
  readonly whole: string
  /** Values that are more than words: addresses, links, ids, dates, numbers. */
  readonly values: readonly Fingerprint[]
  /** Content words; all of them, for a short argument. */
  readonly words: readonly string[]
  readonly shingles: readonly string[]
  /** How many words and values it holds, as far as they were kept. */
  readonly size: number
}

/** What the person had asked for by the time of the action. */
export interface Request {
  /** The latest message; `undefined` where none is known. */
  readonly last: AuditEvent | undefined
  readonly hashes: ReadonlySet<string>
  readonly verbs: ReadonlySet<string>
  readonly verbHashes: ReadonlySet<string>
  readonly nouns: ReadonlySet<string>
  readonly delegates: boolean
  /** The call that the agent made first after the latest message. */
  readonly first: AuditEvent | undefined
}

/** A sentence with all that is needed to compare it quickly. */
export interface Candidate {
  readonly source: AuditEvent
  readonly order: Order
  readonly hashes: ReadonlySet<string>
  /** Values in what follows the sentence. */
  readonly following: ReadonlySet<string>
  /** Its result is a list of tools and their schemas. */
  readonly catalogue: boolean
}

/** What was known around the action when it started. */
export interface Context {
  readonly request: Request
  /** The action changes nothing. */
  readonly reads: boolean
  /** The source call had sent this value itself, or the agent before it: it comes back as an echo, it does not originate there. */
  sentBefore(hash: string, source: AuditEvent): boolean
  /** It stands in the result of another call as well, and may have come from there. */
  elsewhere(hash: string, source: AuditEvent): boolean
}

export interface Evidence {
  readonly candidate: Candidate
  /** How much the sentence asks. */
  readonly mood: number
  /** How well its values explain the action's arguments, and whether one of them is an address, link, id or path. */
  readonly value: number
  readonly strong: number
  /** Share of the action's arguments that it explains. */
  readonly coverage: number
  readonly verb: number
  readonly noun: number
  /** It speaks to a machine, or of its task. */
  readonly addressed: number
  /** The person asked for the same verb, the same object and these values. */
  readonly asked: number
  /** The person named the source, and told the agent to do what it says. */
  readonly vouched: number
  /** The person named the source, and asked for this verb and object: what it says on them was wanted. */
  readonly expected: number
  /** The person asked for this kind of verb (0.5), and this kind of object (1). */
  readonly wanted: number
  /** The person named the source, and the sentence speaks of what they spoke of. */
  readonly related: number
  /** What the person asked for is not known. */
  readonly unheard: number
  /** It changes who can get in: credentials, permissions. No document orders that in the ordinary course of work. */
  readonly guarded: number
  readonly matched: readonly Fingerprint[]
}

const strengthOf: Readonly<Partial<Record<Kind, number>>> = {
  email: 1,
  url: 1,
  id: 1,
  path: 0.9,
  host: 0.8,
  date: 0.35,
  number: 0.25,
}
const strongKinds: ReadonlySet<Kind> = new Set(['email', 'url', 'id', 'path', 'host'])

export function argumentsOf(action: AuditEvent): Argument[] {
  const leaves = new Map<number, { phrase: string; values: Fingerprint[]; words: string[]; shingles: string[] }>()
  for (const fingerprint of action.argFingerprints) {
    const leaf = leaves.get(fingerprint.leaf) ?? { phrase: '', values: [], words: [], shingles: [] }
    leaves.set(fingerprint.leaf, leaf)
    if (fingerprint.kind === 'name') leaf.words.push(fingerprint.hash)
    else if (fingerprint.kind === 'phrase') leaf.phrase = fingerprint.hash
    else if (fingerprint.kind === 'shingle') leaf.shingles.push(fingerprint.hash)
    else if (strengthOf[fingerprint.kind] !== undefined) leaf.values.push(fingerprint)
  }
  return [...leaves].map(([leaf, { phrase, ...rest }]) => ({
    leaf,
    whole: phrase || (rest.words[0] ?? ''),
    ...rest,
    size: rest.words.length + rest.values.length,
    // A file's name is also told as a word, so that people can name it; as an argument it is a path.
    words: rest.values.some(({ kind }) => kind === 'path') ? [] : rest.words,
  }))
}

/** `undefined` where nothing of the action stands in the order. */
export function weigh(
  action: AuditEvent,
  args: readonly Argument[],
  candidate: Candidate,
  context: Context,
): Evidence | undefined {
  const { order, source } = candidate
  const { request } = context
  const links = args.map((argument) => linkOf(argument, candidate, context)).filter((link) => link !== undefined)
  if (links.length === 0) return undefined
  const novel = links.filter((link) => !link.requested)
  const noun = nounMatch(order, action)
  const verb = verbMatch(order, action, noun, context.reads)
  const agrees = askedFor(action, request)
  const named = namedByUser(source, request)
  const all = unite(links.map((link) => link.weight))
  const value = unite(novel.map((link) => link.weight))
  return {
    candidate,
    mood: moodOf(order, context.reads),
    // What the person named as well still counts a little: an order may repeat it, and agreement is judged in `asked`.
    value: Math.max(value, all * 0.4),
    strong: Math.max(0, ...novel.map((link) => link.strong), ...links.map((link) => link.strong * 0.3)),
    coverage: novel.reduce((sum, link) => sum + link.share, 0) / Math.max(1, args.length),
    verb,
    noun,
    addressed: addressedBy(order),
    asked: agrees * (1 - value),
    // Who wrote the document for a person does not speak to a machine in it.
    vouched: named ? vouchedBy(action, request) * (speaksToMachine(order) ? 0.3 : 1) : 0,
    expected: named ? agrees : 0,
    wanted: wantedBy(action, request),
    related: named ? relatedTo(order, request) : 0,
    unheard: request.last === undefined ? 1 : 0,
    guarded: action.nouns.some((noun) => noun === 'credential' || noun === 'access') ? 1 : 0,
    matched: links.flatMap((link) => link.matched),
  }
}

interface Link {
  readonly weight: number
  /** How much of the argument the order explains. */
  readonly share: number
  readonly strong: number
  readonly requested: boolean
  readonly matched: readonly Fingerprint[]
}

function linkOf(argument: Argument, candidate: Candidate, context: Context): Link | undefined {
  const { order, source, hashes, following, catalogue } = candidate
  const { request } = context
  const known = (hash: string): boolean => context.sentBefore(hash, source)
  const elsewhere = (hash: string): boolean => context.elsewhere(hash, source)
  // An argument that quotes the order tells about it (a report, a forwarded message); its values prove nothing.
  if (argument.shingles.some((shingle) => order.shingles.includes(shingle))) return undefined
  const { values, words, whole, size } = argument
  // A long text (a report, a page) holds many values by itself: one of them says little.
  const diluted = size <= 12 ? 1 : Math.max(0.2, 12 / size)
  const placeOf = (hash: string): number => (hashes.has(hash) ? 1 : following.has(hash) ? 0.5 : 0)
  const shared = values.filter(
    ({ kind, hash }) => placeOf(hash) > 0 && !known(hash) && (strongKinds.has(kind) || !catalogue),
  )
  const fresh = shared.filter(({ hash }) => !request.hashes.has(hash))
  const considered = fresh.length > 0 ? fresh : shared
  const weightOf = ({ kind, hash }: Fingerprint): number =>
    (strengthOf[kind] ?? 0) * placeOf(hash) * diluted * (elsewhere(hash) ? 0.7 : 1)
  const weights = considered.map(weightOf)
  const byValue = diluted < 1 ? Math.max(0, ...weights) : unite(weights)
  const byWords =
    words.length === 0 || catalogue || words.every(known)
      ? 0
      : Math.min(1, ...words.map(placeOf)) * wordWeight(words.length, elsewhere(whole))
  const weight = Math.max(byValue, byWords)
  if (weight === 0) return undefined
  const inWords = byWords > byValue
  return {
    weight,
    share: inWords ? 1 : diluted,
    strong: Math.max(0, ...considered.map((value) => (strongKinds.has(value.kind) ? weightOf(value) : 0))),
    requested: inWords ? words.every((word) => request.hashes.has(word)) : fresh.length === 0,
    matched: inWords ? words.map((hash) => ({ kind: 'name' as const, hash, leaf: argument.leaf })) : considered,
  }
}

/** The more words a title or name has, and the fewer places it stands in, the less it is there by chance. */
function wordWeight(words: number, elsewhere: boolean): number {
  return (elsewhere ? [0, 0.2, 0.4, 0.55][words] : [0, 0.38, 0.72, 0.85][words]) ?? (elsewhere ? 0.6 : 0.9)
}

/** Independent evidence: at least one of them holds. */
const unite = (weights: readonly number[]): number => 1 - weights.reduce((rest, weight) => rest * (1 - weight), 1)

/** From about 0.75 on a sentence plainly asks; how politely is no matter. "(visit … for details)" and "for details, visit …" offer. */
function moodOf({ mood, flags }: Order, reads: boolean): number {
  const asks = Math.min(1, Math.max(0, (mood - 0.1) / 0.65))
  if (flags.includes('negated')) return asks * 0.3
  const offered = flags.includes('parenthesis') || flags.includes('conditional')
  return reads && offered ? asks * 0.4 : asks
}

/**
 * 1 the very verb, 0.85 one of its kind. 0.6 where one side's verb is not known (unknown is not innocent), 0.5 where the sentence has another
 * that is; 0.4 where the tool's verb is one that programmers call anything by: `set_permission` grants, `update_booking` transfers.
 */
function verbMatch(order: Order, action: AuditEvent, noun: number, reads: boolean): number {
  if (sameVerb(order, action)) return 1
  if (action.verbs.some((group) => order.verbs.includes(group))) return 0.85
  if (action.verbs.length === 0 || order.verbs.length === 0) return 0.6
  if (reads) return 0
  if (order.flags.includes('unknown-verb')) return 0.5
  return noun === 1 && action.verbs.some((group) => genericGroups.has(group)) ? 0.4 : 0
}

const genericGroups: ReadonlySet<string> = new Set(['update', 'create', 'exec'])

export const sameVerb = (order: Order, action: AuditEvent): boolean =>
  action.verbHashes.some((hash) => order.verbHashes.includes(hash))

/** 0.2 where they differ: kinds are coarse, and "house" in a tool's name may be the guest house that the sentence calls a room. */
function nounMatch(order: Order, action: AuditEvent): number {
  if (action.nouns.some((group) => order.nouns.includes(group))) return 1
  return action.nouns.length === 0 || order.nouns.length === 0 ? 0.5 : 0.2
}

function addressedBy({ flags }: Order): number {
  const parts = { assistant: 0.4, task: 0.4, user: 0.2, hidden: 0.5, 'near-task': 0.3, 'near-assistant': 0.3 }
  return unite(Object.entries(parts).map(([flag, weight]) => (flags.includes(flag) ? weight : 0)))
}

const speaksToMachine = ({ flags }: Order): boolean =>
  flags.includes('assistant') || flags.includes('near-assistant') || flags.includes('hidden')

/** The very verb (1) or one of its kind (0.7), with the kind of object. Kinds are wide, so agreement of kinds says less. */
function askedFor(action: AuditEvent, request: Request): number {
  const object = action.nouns.length === 0 || action.nouns.some((group) => request.nouns.has(group))
  if (!object) return 0
  if (action.verbHashes.some((hash) => request.verbHashes.has(hash))) return 1
  return action.verbs.some((group) => request.verbs.has(group)) ? 0.7 : 0
}

/** Content words and verbs of the sentence that are the person's, too: two of them are enough to be on their subject. */
function relatedTo(order: Order, request: Request): number {
  const words = order.atoms.filter(({ kind, hash }) => kind === 'name' && request.hashes.has(hash)).length
  const verbs = order.verbHashes.filter((hash) => request.verbHashes.has(hash)).length
  return Math.min(1, (words + verbs) / 2)
}

/** Delegation covers what was spoken of; "follow the instructions", with no other object, covers everything. */
function vouchedBy(action: AuditEvent, request: Request): number {
  if (!request.delegates) return 0
  const objects = [...request.nouns].filter((noun) => !vessels.has(noun))
  return objects.length === 0 || action.nouns.some((noun) => objects.includes(noun)) ? 1 : 0.3
}

/** Nouns that name what instructions are written on. */
const vessels: ReadonlySet<string> = new Set(['file', 'page', 'record', 'message', 'channel', 'person', 'code'])

function wantedBy(action: AuditEvent, request: Request): number {
  const verb = action.verbs.some((group) => request.verbs.has(group))
  const noun = action.nouns.some((group) => request.nouns.has(group))
  return verb ? (noun ? 1 : 0.5) : 0
}

/**
 * The source call was made with values of the person's own words: the file, page or channel they pointed at. Who delegates without such
 * a name ("do the overnight tasks") points at what the agent turns to first.
 */
export function namedByUser(source: AuditEvent, request: Request): boolean {
  if (request.delegates && source === request.first) return true
  return source.argFingerprints.some(({ kind, hash }) => naming.has(kind) && request.hashes.has(hash))
}

const naming: ReadonlySet<Kind> = new Set(['url', 'host', 'path', 'email', 'id', 'number', 'date', 'phrase', 'name'])
