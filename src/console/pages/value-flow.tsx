/**
 * Where the values of an incident came from and where they went: the steps of the timeline one below the other, and an arc for each
 * pair of steps that share values. The table below says the same in words.
 */
import type { EvidenceStep, MatchedValue } from '../../finding.js'
import { forMessage } from '../../incidents.js'
import { Name, Section, Table } from './parts.js'

/** Values of some kinds that went from one step to another. */
interface Arc {
  /** Indexes of the timeline; -1 is a record that is not in it. */
  readonly from: number
  readonly to: number
  readonly kinds: ReadonlyMap<string, number>
  readonly values: readonly MatchedValue[]
}

const row = 44
const left = 250
const width = 780
const mostSteps = 16
const mostRows = 40
const mostHashes = 50

export function arcsOf(
  steps: readonly Pick<EvidenceStep, 'recordId' | 'eventId'>[],
  matched: readonly MatchedValue[],
): Arc[] {
  const place = (id: string): number => steps.findIndex((step) => step.recordId === id || step.eventId === id)
  interface Growing extends Arc {
    readonly kinds: Map<string, number>
    readonly values: MatchedValue[]
  }
  const arcs = new Map<string, Growing>()
  for (const value of matched) {
    const [from, to] = [place(value.firstIn), place(value.usedIn)]
    const arc: Growing = arcs.get(`${from} ${to}`) ?? { from, to, kinds: new Map(), values: [] }
    arcs.set(`${from} ${to}`, arc)
    arc.kinds.set(value.kind, (arc.kinds.get(value.kind) ?? 0) + 1)
    arc.values.push(value)
  }
  return [...arcs.values()].sort((a, b) => a.from - b.from || a.to - b.to)
}

const kindsText = (kinds: ReadonlyMap<string, number>): string =>
  [...kinds].map(([kind, number]) => `${number} ${forMessage(kind, 16)}`).join(', ')

export function ValueFlow({ steps, matched }: { steps: readonly EvidenceStep[]; matched: readonly MatchedValue[] }) {
  if (matched.length === 0) return null
  const arcs = arcsOf(steps, matched)
  const drawn = arcs.filter(({ from, to }) => from >= 0 && to >= 0)
  const used = [...new Set(drawn.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b).slice(0, mostSteps)
  const y = (step: number): number => used.indexOf(step) * row + row / 2
  const stepText = (index: number): string => (index < 0 ? 'another record' : `step ${index + 1}`)
  return (
    <Section id="values" title="Where values came from, where they went">
      {used.length < 2 ? null : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard
        <section class="scroll" aria-label="Picture of it" tabIndex={0}>
          <svg
            class="flow"
            viewBox={`0 0 ${width} ${used.length * row}`}
            width={width}
            height={used.length * row}
            role="img"
            aria-labelledby="flow-title"
          >
            <title id="flow-title">{`${matched.length} values flow between ${used.length} steps; the table below lists them`}</title>
            <defs>
              <marker id="flow-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
                <path d="M0 0 8 4 0 8z" />
              </marker>
            </defs>
            {drawn
              .filter(({ from, to }) => used.includes(from) && used.includes(to))
              .map((arc) => {
                const [a, b] = [y(arc.from), y(arc.to)]
                // Wider the further it goes, so that arcs lie in one another and not on one another.
                const reach = left - 16 - Math.min(110, 20 + Math.abs(b - a) / 2)
                return (
                  <g key={`${arc.from} ${arc.to}`}>
                    <path
                      class="arc"
                      d={`M${left} ${a} C${reach} ${a} ${reach} ${b} ${left - 4} ${b}`}
                      marker-end="url(#flow-end)"
                    />
                    <text class="arc-text" x={String(left - 108)} y={String((a + b) / 2 + 4)} text-anchor="end">
                      {shortened(kindsText(arc.kinds), 22)}
                    </text>
                  </g>
                )
              })}
            {used.map((index) => (
              <g key={index}>
                <circle
                  class={`dot ${steps[index]?.part ?? 'context'}`}
                  cx={String(left + 6)}
                  cy={String(y(index))}
                  r="6"
                />
                <text x={String(left + 22)} y={String(y(index) + 5)}>
                  {`${index + 1}  ${shortened(forMessage(steps[index]?.note ?? '', 200), 74)}`}
                </text>
              </g>
            ))}
          </svg>
        </section>
      )}
      <Table label="Values that were met again" head={['First seen in', 'Used in', 'Values', 'Keyed hashes']}>
        {arcs.slice(0, mostRows).map(({ from, to, kinds, values }) => (
          <tr key={`${from} ${to}`}>
            <td>
              <StepLink index={from} text={stepText(from)} />
            </td>
            <td>
              <StepLink index={to} text={stepText(to)} />
            </td>
            <td>{kindsText(kinds)}</td>
            <td class="wide">
              <details>
                <summary>
                  {values.length} {values.length === 1 ? 'hash' : 'hashes'}
                </summary>
                {values.slice(0, mostHashes).map(({ kind, hash }) => (
                  <div key={`${kind} ${hash}`}>
                    <Name text={kind} most={20} />{' '}
                    <code>
                      <Name text={hash} most={16} />
                    </code>
                  </div>
                ))}
              </details>
            </td>
          </tr>
        ))}
      </Table>
      {arcs.length > mostRows ? <p class="quiet">and {arcs.length - mostRows} more pairs of steps</p> : null}
    </Section>
  )
}

const StepLink = ({ index, text }: { index: number; text: string }) =>
  index < 0 ? <span class="quiet">{text}</span> : <a href={`#step-${index + 1}`}>{text}</a>

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
