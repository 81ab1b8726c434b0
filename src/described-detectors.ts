/** The detectors as people read of them: what each says of itself, its page, and its part of the scorecard. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isOurs, loadCatalogue } from './detect/index.js'
import type { Maturity, Severity } from './finding.js'

export interface DescribedDetector {
  readonly id: string
  readonly type: 'session' | 'query'
  readonly title: string
  /** At most. */
  readonly severity: Severity
  readonly maturity: Maturity
  readonly version: number
  readonly needs: readonly string[]
  readonly tags: readonly string[]
  /** Markdown; '' where it has none. */
  readonly readme: string
  /** Lines of text; '' where it has none. */
  readonly scorecard: string
}

/** From the package's root: the compiler does not copy Markdown. */
const folder = fileURLToPath(new URL('../../detectors/', import.meta.url))

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

/** In order of id. Throws `WK_DETECTOR_INVALID`. */
export async function describedDetectors({
  detectorsDir,
}: {
  readonly detectorsDir: string
}): Promise<DescribedDetector[]> {
  const { all } = await loadCatalogue({ own: detectorsDir })
  const scorecard = await textOf(join(folder, 'SCORECARD.md'))
  return Promise.all(
    all.map(async (named) => {
      const { id, detector } = named
      const { title, severity, maturity, version, needs, tags } = detector.about
      return {
        id,
        type: detector.type,
        title,
        severity,
        maturity,
        version,
        needs: [...needs],
        tags: [...tags.mcp, ...tags.asi, ...tags.atlas],
        readme: await textOf(join(isOurs(named) ? join(folder, id) : (named.folder ?? folder), 'README.md')),
        scorecard: scorecardOf(scorecard, id),
      }
    }),
  )
}

/** Its rows in the scorecard's tables, each under the table's own head. */
export function scorecardOf(scorecard: string, id: string): string {
  const tables = scorecard.split('\n\n').filter((block) => block.startsWith('|'))
  const own = tables.flatMap((table) => {
    const [head = '', , ...rows] = table.split('\n')
    const mine = rows.filter((row) => /^\[?([a-z0-9-]+)/.exec(row.split('|')[1]?.trim() ?? '')?.[1] === id)
    return mine.length === 0 ? [] : [[head, ...mine].join('\n')]
  })
  return own.join('\n\n')
}
