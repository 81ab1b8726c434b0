/** Why an incident is one, in two lines: the numbers of its detectors, and which values were met again. Safe to show, as all of a digest. */
import { forMessage, type Incident } from '../incidents.js'
import { instant } from './instant.js'

const mostDetectors = 3
const mostParts = 6
const mostValues = 3
const longest = 370

/** `injected-action v1: score 0.93, baseline 2, deviation 4.1; …`: of each detector its last finding. */
export function reasonsOf({ findings }: Incident): string {
  const last = new Map(findings.map((finding) => [finding.detector, finding]))
  const reasons = [...last.values()].slice(0, mostDetectors).map(({ detector, detectorVersion, score }) => {
    const parts = Object.entries(score)
      .slice(0, mostParts)
      .map(([name, value]) => `${forMessage(name, 30)} ${numberText(value)}`)
    return `${forMessage(detector, 40)} v${detectorVersion}: ${parts.join(', ')}`
  })
  return forMessage(reasons.join('; '), longest)
}

/** `email 5b1f…: first at 02:59:57 (source), then at 03:00:00 (action); …`: the fingerprint, and the calls in the timeline. */
export function valuesOf({ matched, timeline }: Incident): string {
  const place = (id: string): string => {
    const step = timeline.find(({ recordId, eventId }) => recordId === id || eventId === id)
    return step === undefined ? `in ${forMessage(id, 36)}` : `at ${instant(step.at).slice(11, 19)} (${step.part})`
  }
  const values = matched
    .slice(0, mostValues)
    .map(
      ({ kind, hash, firstIn, usedIn }) =>
        `${forMessage(kind, 20)} ${forMessage(hash, 16)}: first ${place(firstIn)}, then ${place(usedIn)}`,
    )
  const left = matched.length - values.length
  return forMessage([...values, ...(left > 0 ? [`and ${left} more`] : [])].join('; '), longest)
}

const numberText = (value: number): string => String(Math.round(value * 1_000) / 1_000)
