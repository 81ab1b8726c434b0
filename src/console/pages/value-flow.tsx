/**
 * Where the values of an incident came from and where they went: the steps of the timeline one below the other, and an arc for each
 * pair of steps that share values. The table below says the same in words.
 */
import type { EvidenceStep, MatchedValue } from '../../finding.js'
import { type Arc, arcsOf, forMessage } from '../../incidents.js'
import { Name, Section, Table } from './parts.js'

const row = 44
const labelHeight = 15
/** Where the labels end, and where the steps stand; the arcs are between them. */
const edge = 158
const left = 274
const width = 820
const mostSteps = 16
const mostRows = 40
const mostHashes = 100

const kindsText = (kinds: ReadonlyMap<string, number>): string =>
  [...kinds].map(([kind, number]) => `${number} ${forMessage(kind, 16)}`).join(', ')

/** Arcs with their ends, how far they reach to the left, and where their labels stand without lying on each other. */
function placed(arcs: readonly Arc[], y: (step: number) => number) {
  const taken: number[] = []
  return arcs.map((arc) => {
    const [a, b] = [y(arc.from), y(arc.to)]
    let label = (a + b) / 2
    while (taken.some((other) => Math.abs(other - label) < labelHeight)) label += labelHeight
    taken.push(label)
    return { arc, a, b, label, bulge: 16 + Math.min(110, 30 + Math.abs(b - a) / 2) }
  })
}

export function ValueFlow({ steps, matched }: { steps: readonly EvidenceStep[]; matched: readonly MatchedValue[] }) {
  if (matched.length === 0) return null
  const arcs = arcsOf(steps, matched)
  const drawn = arcs.filter(({ from, to }) => from >= 0 && to >= 0)
  const used = [...new Set(drawn.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b).slice(0, mostSteps)
  const y = (step: number): number => used.indexOf(step) * row + row / 2
  const shown = placed(
    drawn.filter(({ from, to }) => used.includes(from) && used.includes(to)),
    y,
  )
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
            {shown.map(({ arc, a, b, bulge }) => (
              <path
                key={`${arc.from} ${arc.to}`}
                class="arc"
                d={`M${left} ${a} C${left - bulge} ${a} ${left - bulge} ${b} ${left - 4} ${b}`}
                marker-end="url(#flow-end)"
              />
            ))}
            {shown.map(({ arc, a, b, label, bulge }) => (
              <g key={`${arc.from} ${arc.to}`}>
                <path class="leader" d={`M${edge + 4} ${label} L${left - bulge * 0.75} ${(a + b) / 2}`} />
                <text class="arc-text" x={String(edge)} y={String(label + 4)} text-anchor="end">
                  {shortened(kindsText(arc.kinds), 24)}
                </text>
              </g>
            ))}
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
            <td>
              <Hashes values={values} />
            </td>
          </tr>
        ))}
      </Table>
      {arcs.length > mostRows ? <p class="quiet">and {arcs.length - mostRows} more pairs of steps</p> : null}
    </Section>
  )
}

/** The first few to see, all to open. */
function Hashes({ values }: { values: readonly MatchedValue[] }) {
  const list = (some: readonly MatchedValue[]) =>
    some.map(({ kind, hash }) => (
      <li key={hash}>
        <code>
          <Name text={hash} most={16} />
        </code>{' '}
        <span class="quiet">
          <Name text={kind} most={20} />
        </span>
      </li>
    ))
  if (values.length <= 3) return <ul class="plain">{list(values)}</ul>
  return (
    <details>
      <summary>{values.length} keyed hashes</summary>
      <ul class="plain">{list(values.slice(0, mostHashes))}</ul>
      {values.length > mostHashes ? <p class="quiet">and {values.length - mostHashes} more</p> : null}
    </details>
  )
}

const StepLink = ({ index, text }: { index: number; text: string }) =>
  index < 0 ? <span class="quiet">{text}</span> : <a href={`#step-${index + 1}`}>{text}</a>

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
