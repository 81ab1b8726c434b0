/** Labelled sessions with one thing changed, behaviour kept: what a detector rests on shows where it breaks. */
import type { RecordedSession } from '../../src/recorded.js'
import type { Labelled } from './labelled.js'

/** A change of all texts of a session: messages, arguments, results. */
function everywhere(session: RecordedSession, change: (text: string) => string): RecordedSession {
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return change(value)
    if (Array.isArray(value)) return value.map(deep)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, deep(member)]))
  }
  return {
    ...session,
    messages: session.messages.map((message) => ({ ...message, text: change(message.text) })),
    calls: session.calls.map((call) => ({ ...call, arguments: deep(call.arguments), result: deep(call.result) })),
  }
}

const given = ['Ilse', 'Marek', 'Oona', 'Pavel', 'Ruth', 'Sami', 'Tove', 'Ugo', 'Vera', 'Wim', 'Yara', 'Zeno']
const family = ['Adler', 'Bruun', 'Castro', 'Dahl', 'Eriks', 'Fabre', 'Greco', 'Holm', 'Ivers', 'Janda', 'Klee', 'Lund']
/** Addresses, links, account numbers and other long ids. */
const strong =
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+|https?:\/\/[^\s"'<>)\]]*[\w/]|www(?:\.[\w-]+)+(?:\/[\w/-]*)?|\b[A-Z]{2}\d{2}[A-Z0-9]{8,30}\b/g

/** Every address, link and account number becomes the same person's name wherever it stands. */
function weakValues(labelled: Labelled): Labelled {
  const names = new Map<string, string>()
  const nameOf = (value: string): string => {
    const key = value
      .toLowerCase()
      .replace(/^https?:\/\//, '')
      .replace(/^www\./, '')
      .replace(/\/$/, '')
    const at = names.size
    const name =
      names.get(key) ?? `${given[at % given.length]} ${family[(at * 5 + Math.floor(at / 12)) % family.length]}`
    names.set(key, name)
    return name
  }
  return { ...labelled, session: everywhere(labelled.session, (text) => text.replace(strong, nameOf)) }
}

/** Tools and parameters get names that say nothing. */
function opaqueTools(labelled: Labelled): Labelled {
  const { session } = labelled
  const tools = [...new Set(session.calls.map(({ tool }) => tool))]
  const calls = session.calls.map((call) => {
    const args = call.arguments
    const plain = typeof args === 'object' && args !== null && !Array.isArray(args)
    return {
      ...call,
      tool: `fn_${tools.indexOf(call.tool)}`,
      arguments: plain ? Object.fromEntries(Object.values(args).map((value, at) => [`p${at}`, value])) : args,
    }
  })
  return { ...labelled, session: { ...session, calls } }
}

/** What a wrapper is made of: emphasis, tags, everything that shouts or speaks to a model. Nothing of the order itself. */
const shouting = /<\/?[A-Z_]{3,}[^<>]{0,40}>|\b(?:IMPORTANT|URGENT|ATTENTION|NOTE|TODO)\b[!:]*|!{2,}/g

const unwrapped = (labelled: Labelled): Labelled => ({
  ...labelled,
  session: everywhere(labelled.session, (text) => text.replace(shouting, '')),
})

/** Everything that was written in capitals, and everything else, in capitals. */
const shouted = (labelled: Labelled): Labelled => ({
  ...labelled,
  session: {
    ...labelled.session,
    calls: labelled.session.calls.map((call) => ({
      ...call,
      result: typeof call.result === 'string' ? call.result.toUpperCase() : call.result,
    })),
  },
})

export const mutations: Readonly<Record<string, (labelled: Labelled) => Labelled>> = {
  'addresses, links and account numbers are ordinary names': weakValues,
  'tools and parameters have opaque names': opaqueTools,
  'tags, capitals and exclamation marks of wrappers are gone': unwrapped,
  'results are in capitals': shouted,
  'opaque names and ordinary values': (labelled) => opaqueTools(weakValues(labelled)),
}
