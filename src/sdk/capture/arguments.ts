/** What is kept of a call's arguments. */
import type { CapturedArguments } from '../event.js'
import { canonical } from './canonical.js'
import { encodedIn, queryValuesIn } from './encoded.js'
import { addLeaf, FingerprintSet } from './fingerprints.js'
import { hazardsOf } from './hazards.js'
import type { Keyed } from './keyed.js'
import { leavesOf } from './leaves.js'
import { limits } from './limits.js'
import { groupsOfTool } from './names.js'
import { secretKindsIn } from './secrets.js'
import { signalsOf } from './signals.js'

export function captureArguments(tool: string, value: unknown, keyed: Keyed): CapturedArguments {
  const named = groupsOfTool(tool, [])
  const absent: CapturedArguments = {
    argBytes: 0,
    argDigest: '',
    argFingerprints: [],
    argCapture: 'omitted',
    argSignals: {},
    argSecretKinds: [],
    argText: '',
    destinations: [],
    verbs: named.verbs,
    nouns: named.nouns,
    verbHashes: named.stems.map((stem) => keyed.verb(stem)),
  }
  if (value === undefined) return absent
  try {
    const whole = canonical(value)
    const { leaves, keys, truncated } = leavesOf(value)
    const set = new FingerprintSet(keyed)
    const texts: string[] = []
    const decoded: string[] = []
    let opaque = 0
    leaves.forEach((leaf, at) => {
      addLeaf(set, leaf, at, 'argument')
      if (leaf.scalar) return
      texts.push(leaf.text)
      const encoded = encodedIn(leaf.text)
      decoded.push(...encoded.decoded)
      opaque += encoded.opaque
      set.naming = false
      for (const text of encoded.decoded)
        for (const inner of leavesOf(text).leaves)
          addLeaf(set, { ...inner, key: inner.key || leaf.key }, at, 'argument')
      for (const text of [encoded.unescaped, queryValuesIn(leaf.text)])
        if (text !== '') addLeaf(set, { key: leaf.key, text, scalar: false }, at, 'argument')
      set.naming = true
    })
    const { fingerprints, truncated: cut } = set.take(limits.fingerprints)
    const text = texts.join('\n')
    const groups = groupsOfTool(tool, keys)
    return {
      argBytes: whole.bytes,
      argDigest: keyed.digest(whole.text),
      argFingerprints: fingerprints,
      argCapture: truncated || cut || whole.truncated ? 'truncated' : 'captured',
      argSignals: {
        ...signalsOf(text, [], opaque),
        ...hazardsOf(leaves),
        ...(decoded.length > 0 ? { decoded: 1 } : {}),
      },
      argSecretKinds: secretKindsIn([text, ...decoded].join('\n')),
      argText: '',
      destinations: [...set.destinations],
      verbs: groups.verbs,
      nouns: groups.nouns,
      verbHashes: absent.verbHashes,
    }
  } catch {
    // A hostile object (a getter or proxy that throws) is the caller's own; the call goes on without us.
    return absent
  }
}
