/** What is kept of a result. */
import type { CapturedResult } from '../event.js'
import { canonical } from './canonical.js'
import { encodedIn, queryValuesIn } from './encoded.js'
import { addLeaf, FingerprintSet } from './fingerprints.js'
import { hiddenTags, spellTags, visible } from './fold.js'
import type { Keyed } from './keyed.js'
import { leavesOf } from './leaves.js'
import { limits } from './limits.js'
import type { OrderSource } from './orders.js'
import { ordersOf } from './orders.js'
import { secretKindsIn } from './secrets.js'
import { signalsOf } from './signals.js'
import type { Unit } from './units.js'
import { unitsOf } from './units.js'

const absent: CapturedResult = {
  resultBytes: 0,
  resultDigest: '',
  resultFingerprints: [],
  resultCapture: 'omitted',
  resultSignals: {},
  resultSecretKinds: [],
  resultText: '',
  orders: [],
}

export function captureResult(value: unknown, keyed: Keyed): CapturedResult {
  if (value === undefined) return absent
  try {
    const whole = canonical(value)
    const { leaves, keys, truncated } = leavesOf(value)
    const set = new FingerprintSet(keyed)
    const sources: OrderSource[] = []
    const texts: string[] = []
    const decoded: string[] = []
    let opaque = 0
    const read = (text: string, key: string, leaf: number, hidden: boolean): void => {
      for (const unit of unitsOf(visible(text))) {
        const named: Unit = unit.label === '' && key !== '' ? { ...unit, label: key } : unit
        sources.push({ leaf, unit: named, hidden })
        addLeaf(set, { key, text: unit.text, scalar: false }, leaf, 'result')
      }
    }
    leaves.forEach((leaf, at) => {
      if (leaf.scalar) {
        addLeaf(set, leaf, at, 'result')
        return
      }
      texts.push(leaf.text)
      read(leaf.text, leaf.key, at, false)
      for (const tags of leaf.text.match(hiddenTags) ?? []) read(spellTags(tags), leaf.key, at, true)
      const encoded = encodedIn(leaf.text)
      decoded.push(...encoded.decoded)
      opaque += encoded.opaque
      for (const text of encoded.decoded)
        for (const inner of leavesOf(text).leaves) {
          if (inner.scalar) addLeaf(set, inner, at, 'result')
          else read(inner.text, inner.key || leaf.key, at, true)
        }
      for (const text of [encoded.unescaped, queryValuesIn(leaf.text)])
        if (text !== '') addLeaf(set, { key: leaf.key, text, scalar: false }, at, 'result')
    })
    const { fingerprints, truncated: cut } = set.take(limits.fingerprints)
    const { orders, truncated: more } = ordersOf(sources, keyed)
    const text = texts.join('\n')
    return {
      resultBytes: whole.bytes,
      resultDigest: keyed.digest(whole.text),
      resultFingerprints: fingerprints,
      resultCapture: truncated || cut || more || whole.truncated ? 'truncated' : 'captured',
      resultSignals: {
        ...signalsOf(text, orders, opaque),
        ...catalogueSignal([...keys, ...sources.map(({ unit }) => unit.label)]),
      },
      resultSecretKinds: secretKindsIn([text, ...decoded].join('\n')),
      resultText: '',
      orders,
    }
  } catch {
    // A hostile object (a getter or proxy that throws) is the server's own; the call goes on without us.
    return absent
  }
}

/** A list of tools and their schemas: its descriptions are in the imperative by convention and order nothing. */
function catalogueSignal(labels: readonly string[]): Record<string, number> {
  const counted = labels.filter((label) => schemaLabels.has(label.toLowerCase().replace(/[^a-z]/g, ''))).length
  return counted >= 2 ? { catalogue: Math.min(1, counted / 4) } : {}
}

const schemaLabels: ReadonlySet<string> = new Set([
  'inputschema',
  'outputschema',
  'toolname',
  'tooldescription',
  'parameters',
  'annotations',
  'requiredparameters',
])
