/** Tools as a server describes them: once for each description and producer, and what class each claims to be. */
import { canonicalJson } from './canonical.js'
import type { Capturer } from './capture/index.js'
import type { ProducerEvent, ToolClass } from './event.js'
import { type Fields, fieldsOf, isFields, textOf } from './messages.js'

/**
 * The class that annotations claim. They are the server's own word: hints, and no reason to trust. Without annotations
 * nothing is claimed, although the protocol then says destructive: a default is no statement.
 */
export function claimedClass(tool: Fields): ToolClass {
  const { readOnlyHint, destructiveHint } = fieldsOf(tool['annotations'])
  if (readOnlyHint === true) return 'read'
  if (destructiveHint === true) return 'high-impact'
  return readOnlyHint === false || destructiveHint === false ? 'write' : 'unknown'
}

export interface DescribedTool {
  readonly name: string
  readonly claimedClass: ToolClass
  readonly tool: Fields
}

/** Tools of one answer that are looked at. */
const toolsMost = 1000

export function toolsIn(result: Fields | undefined): readonly DescribedTool[] {
  const { tools } = fieldsOf(result)
  if (!Array.isArray(tools)) return []
  return tools
    .slice(0, toolsMost)
    .filter(isFields)
    .map((tool) => ({ name: textOf(tool['name']), claimedClass: claimedClass(tool), tool }))
    .filter(({ name }) => name !== '')
}

/** Everything that would change with the description, in one form. */
export const definitionText = ({ tool }: DescribedTool): string => canonicalJson(tool)

/**
 * What capture finds in a description. Its prose stands in the result's members, for a model reads it as one; the tool's own name
 * in the arguments', so that another tool's description that speaks of it can be told, with what the prose names of paths and addresses.
 */
export function capturedDefinition({ name, tool }: DescribedTool, capturer: Capturer): Partial<ProducerEvent> {
  const schema = fieldsOf(tool['inputSchema'])
  const { verbs, nouns, verbHashes } = capturer.arguments(name, fieldsOf(schema['properties']))
  const annotations = fieldsOf(tool['annotations'])
  const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'].filter(
    (hint) => typeof annotations[hint] === 'boolean',
  )
  const prose = proseOf(tool)
  return {
    ...capturer.result(prose),
    argFingerprints: capturer.arguments('', { name }).argFingerprints,
    argSignals: capturer.arguments('', prose).argSignals,
    verbs,
    nouns,
    verbHashes,
    detail: {
      definition_digest: capturer.secret(canonicalJson(tool)),
      description_digest: capturer.secret(textOf(tool['description'])),
      schema_digest: capturer.secret(canonicalJson(schema)),
      annotations: hints.map((hint) => `${hint}=${String(annotations[hint])}`).join(','),
    },
  }
}

/** All that a model reads of a tool beside its name: description, title, and the descriptions inside the schema. */
function proseOf(tool: Fields): string[] {
  const prose: string[] = []
  const collect = (value: unknown, depth: number): void => {
    if (depth > 12 || prose.length >= 200 || typeof value !== 'object' || value === null) return
    for (const [key, member] of Object.entries(value)) {
      if ((key === 'description' || key === 'title') && typeof member === 'string') prose.push(member)
      else collect(member, depth + 1)
    }
  }
  collect({ title: tool['title'], description: tool['description'], inputSchema: tool['inputSchema'] }, 0)
  return prose
}
