/** Reading dead letters from the store, for people and for sending them again. */
import type { DeadLetter } from '../../bus/index.js'
import type { Store } from '../../store/index.js'

export interface Selection {
  /** '' is any. */
  readonly tenant: string
  readonly reason: string
  readonly ids: readonly string[]
  readonly limit: number
}

const members =
  'toString(id) AS id, tenant, owner, role, stage, reason, explanation, toUnixTimestamp64Micro(at) AS at, body, signal'

/** The selected letters, newest first. */
export async function readLetters(store: Pick<Store, 'query'>, selection: Selection): Promise<DeadLetter[]> {
  const { tenant, reason, ids, limit } = selection
  const rows = await store.query<Omit<DeadLetter, 'at'> & { readonly at: string }>(
    `SELECT ${members}
     FROM dead_letter
     WHERE ({tenant:String} = '' OR tenant = {tenant:String})
       AND ({reason:String} = '' OR reason = {reason:String})
       AND (empty({ids:Array(String)}) OR has({ids:Array(String)}, toString(dead_letter.id)))
     ORDER BY dead_letter.at DESC, id
     LIMIT {limit:UInt32}`,
    { tenant, reason, ids, limit },
  )
  // 64-bit integers come as strings.
  return rows.map((row) => ({ ...row, at: Number(row.at) }))
}

/** Text of a record on a terminal: control characters and marks of direction, which could rewrite a line, are spelled out. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`,
  )
}
