/**
 * Readers for YAML written by people: what a node must be is said once, as a value, and every fault comes back with its
 * line and column. A reader that finds a fault tells it and goes on, so that one run shows all of them.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml'
import { nearest } from './nearest.js'

export interface Fault {
  /** From 1. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** What a faulty node is read as; its fault was told. */
export const faulty = Symbol('faulty')
export type Faulty = typeof faulty

/** Where readers tell faults, and find out what an alias stands for. */
export interface Place {
  /** Folder of the file: relative paths in it begin here. */
  readonly folder: string
  fault(node: Node | undefined, message: string): Faulty
  /** The node itself, or what its alias stands for. */
  resolved(node: Node | undefined): Node | undefined
}

export type Reader<T> = (node: Node | undefined, place: Place) => T | Faulty

/** What a reader reads. */
export type ReadBy<R> = R extends Reader<infer T> ? T : never

/** A key of a mapping: {@link required} or {@link optional}. */
export interface Key<T> {
  readonly reader: Reader<T>
  /** What an absent key means; `undefined` where it must be there. */
  readonly absent: { readonly value: T } | undefined
}

export const required = <T>(reader: Reader<T>): Key<T> => ({ reader, absent: undefined })
export const optional = <T>(reader: Reader<T>, value: NoInfer<T>): Key<T> => ({ reader, absent: { value } })

const kindOf = (node: Node | undefined): string => {
  if (node === undefined) return 'nothing'
  if (isMap(node)) return 'a mapping'
  if (isSeq(node)) return 'a list'
  if (!isScalar(node)) return 'something else'
  if (node.value === null) return 'nothing'
  return typeof node.value === 'string' ? 'text' : `${typeof node.value} ${String(node.value)}`
}

/** Text that is not empty; `check` says what is wrong with it, or nothing. */
export const text =
  (check: (value: string) => string | undefined = () => undefined): Reader<string> =>
  (node, place) => {
    const at = place.resolved(node)
    const value = isScalar(at) ? at.value : undefined
    if (typeof value !== 'string') {
      const hint = isScalar(at) && at.value !== null && at.value !== undefined ? ': put it in quotes' : ''
      return place.fault(node, `expected text, found ${kindOf(at)}${hint}`)
    }
    if (value.trim() === '') return place.fault(node, 'expected text, found none')
    const wrong = check(value)
    return wrong === undefined ? value : place.fault(node, wrong)
  }

export const trueOrFalse: Reader<boolean> = (node, place) => {
  const at = place.resolved(node)
  return isScalar(at) && typeof at.value === 'boolean'
    ? at.value
    : place.fault(node, `expected true or false, found ${kindOf(at)}`)
}

export const oneOf =
  <const T extends string>(...allowed: readonly T[]): Reader<T> =>
  (node, place) => {
    const value = text()(node, place)
    if (value === faulty) return faulty
    const found = allowed.find((one) => one === value)
    if (found !== undefined) return found
    return place.fault(node, `expected one of ${allowed.join(', ')}${suggestion(value, allowed)}`)
  }

export const listOf =
  <T>(reader: Reader<T>): Reader<readonly T[]> =>
  (node, place) => {
    const at = place.resolved(node)
    if (!isSeq(at)) return place.fault(node, `expected a list, found ${kindOf(at)}`)
    const items = at.items.map((item) => reader(item as Node, place))
    return items.includes(faulty) ? faulty : (items as T[])
  }

export type Keys = Readonly<Record<string, Key<unknown>>>
export type RecordOf<K extends Keys> = { readonly [Name in keyof K]: K[Name] extends Key<infer T> ? T : never }

/** A mapping with these keys and no others; `check` says what is wrong with the whole, or nothing. */
export const record =
  <const K extends Keys>(
    keys: K,
    check: (value: RecordOf<K>) => string | undefined = () => undefined,
  ): Reader<RecordOf<K>> =>
  (node, place) => {
    const at = place.resolved(node)
    if (!isMap(at)) return place.fault(node, `expected a mapping, found ${kindOf(at)}`)
    const given = membersOf(at, Object.keys(keys), place)
    let ok = given !== faulty
    const value: Record<string, unknown> = {}
    const members = given === faulty ? knownMembers(at) : given
    for (const [name, { reader, absent }] of Object.entries(keys)) {
      const member = members.get(name)
      if (member !== undefined) value[name] = reader(member, place)
      else if (absent !== undefined) value[name] = absent.value
      else value[name] = place.fault(node, `${name} is missing`)
      ok &&= value[name] !== faulty
    }
    if (!ok) return faulty
    const whole = value as RecordOf<K>
    const wrong = check(whole)
    return wrong === undefined ? whole : place.fault(node, wrong)
  }

/** A mapping whose keys are names of the writer's own. */
export const mapOf =
  <T>(
    reader: (name: string) => Reader<T>,
    check: (name: string) => string | undefined,
  ): Reader<ReadonlyMap<string, T>> =>
  (node, place) => {
    const at = place.resolved(node)
    if (!isMap(at)) return place.fault(node, `expected a mapping, found ${kindOf(at)}`)
    const read = new Map<string, T>()
    let ok = true
    for (const { key, value } of at.items) {
      const name = text(check)(key as Node, place)
      const one = name === faulty ? faulty : reader(name)((value as Node | null) ?? (key as Node), place)
      if (name === faulty || one === faulty) ok = false
      else read.set(name, one)
    }
    return ok ? read : faulty
  }

/** Members by key; faulty where one is unknown, which is told with what was likely meant. */
function membersOf(map: YAMLMap, known: readonly string[], place: Place): ReadonlyMap<string, Node> | Faulty {
  let ok = true
  for (const { key } of map.items) {
    const name = isScalar(key) ? String(key.value) : ''
    if (known.includes(name)) continue
    ok = false
    place.fault(
      key as Node,
      `there is no key ${JSON.stringify(name)} here${suggestion(name, known) || `: ${known.join(', ')}`}`,
    )
  }
  return ok ? knownMembers(map) : faulty
}

/** A key without a value stands for itself, so that what is missing is told where it is missing. */
const knownMembers = (map: YAMLMap): ReadonlyMap<string, Node> =>
  new Map(map.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : '', value as Node]))

function suggestion(word: string, known: readonly string[]): string {
  const meant = nearest(word, known)
  return meant === undefined ? '' : `: did you mean ${meant}?`
}

export type ReadYaml<T> = { readonly value: T; readonly faults: readonly [] } | { readonly faults: readonly Fault[] }

/** Reads one YAML document (1.2, core schema; no tags of its own). An empty one is an empty mapping. */
export function readYaml<T>(source: string, reader: Reader<T>, folder: string): ReadYaml<T> {
  const counter = new LineCounter()
  const document = parseDocument(source, { lineCounter: counter, prettyErrors: false, uniqueKeys: true })
  const faults: Fault[] = []
  const tell = (offset: number, message: string): void => {
    const { line, col } = counter.linePos(offset)
    faults.push({ line: Math.max(1, line), column: Math.max(1, col), message })
  }
  for (const problem of [...document.errors, ...document.warnings])
    tell(problem.pos[0], problem.message.replace(/\s*\n[\s\S]*$/, ''))
  if (faults.length > 0) return { faults }

  const place: Place = {
    folder,
    fault(node, message) {
      tell(node?.range?.[0] ?? 0, message)
      return faulty
    },
    resolved: (node) => (isAlias(node) ? node.resolve(document) : node),
  }
  const root = document.contents
  const isEmpty = root === null || (isScalar(root) && root.value === null)
  const value = reader(isEmpty ? (parseDocument('{}').contents as Node) : root, place)
  if (value === faulty || faults.length > 0)
    return { faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column) }
  return { value, faults: [] }
}
