/** The detectors: what each looks for, how it is, and what people's verdicts say of it. */
import type { DescribedDetector } from '../../described-detectors.js'
import { type Feedback, forBlock } from '../../incidents.js'
import type { DetectorState } from '../detector-lines.js'
import { type Frame, page } from './frame.js'
import {
  count,
  detectorPath,
  Empty,
  Names,
  NumberCell,
  Said,
  Section,
  SeverityBadge,
  Table,
  TimeCell,
} from './parts.js'

/** Without the texts of its own page. */
export type DetectorAbout = Omit<DescribedDetector, 'readme' | 'scorecard'>

export interface DetectorLine extends Omit<DetectorState, 'about'> {
  readonly about: DetectorAbout
}

export interface DetectorsPageData {
  readonly detectors: readonly DetectorLine[]
}

export function detectorsPage({ detectors }: DetectorsPageData, frame: Frame): string {
  return page(
    frame,
    <>
      <div class="headline">
        <h1>Detectors</h1>
        <p class="quiet">
          Findings are of 7 days, runs of 24 hours. Precision is the share of true verdicts, benign true ones among
          them.
        </p>
      </div>
      <Table
        label="Detectors"
        numbers={['Findings', 'Excluded', 'Runs', 'Failed']}
        head={[
          'Detector',
          'Severity',
          'State',
          'Findings',
          'Excluded',
          'Not evaluated',
          'Runs',
          'Failed',
          'Precision',
          'Last finding',
        ]}
      >
        {detectors.map(({ about, activity, feedback }) => (
          <tr key={about.id}>
            <th scope="row">
              <a href={detectorPath(about.id)}>{about.id}</a>
              <div class="quiet">{about.title}</div>
            </th>
            <td>
              <SeverityBadge severity={about.severity} />
            </td>
            <td>{about.maturity}</td>
            <NumberCell of={activity?.findings ?? 0} />
            <NumberCell of={activity?.excluded ?? 0} />
            <td>
              {activity === undefined || activity.notEvaluated === 0 ? (
                <span class="quiet">–</span>
              ) : (
                <>
                  {count(activity.notEvaluated)}{' '}
                  <div class="quiet">
                    for want of <Names names={activity.lacks} most={3} />
                  </div>
                </>
              )}
            </td>
            <NumberCell of={activity?.runs ?? 0} />
            <td class="number">{activity?.failed ? <span class="tag high">{count(activity.failed)}</span> : 0}</td>
            <td>
              <Precision feedback={feedback} />
            </td>
            <TimeCell at={activity?.lastFoundAt ?? 0} />
          </tr>
        ))}
      </Table>
    </>,
  )
}

function Precision({ feedback }: { feedback: Feedback | undefined }) {
  if (feedback?.precision === undefined) return <span class="quiet">–</span>
  const { true_positive, benign_true_positive, false_positive } = feedback.verdicts
  const said = true_positive + benign_true_positive + false_positive
  return (
    <>
      {Math.round(feedback.precision * 100)} % <span class="quiet">of {count(said)}</span>
    </>
  )
}

export interface DetectorPageData extends DetectorLine {
  /** Its page as it stands in the repository: Markdown, shown as text. '' for a detector of one's own without one. */
  readonly readme: string
  /** Its part of the scorecard, as lines of text; '' where it has none. */
  readonly scorecard: string
}

export function detectorPage({ about, activity, feedback, readme, scorecard }: DetectorPageData, frame: Frame): string {
  return page(
    frame,
    <article>
      <div class="headline">
        <p class="crumbs">
          <a href="/detectors">Detectors</a> / {about.id}
        </p>
        <h1>{about.title}</h1>
        <p class="marks">
          <SeverityBadge severity={about.severity} /> <span class="tag">{about.maturity}</span>{' '}
          <span class="tag">{about.type} detector</span> <span class="tag">version {about.version}</span>
        </p>
      </div>
      <dl class="facts">
        <div>
          <dt>Needs</dt>
          <dd>
            <Names names={about.needs} />
          </dd>
        </div>
        <div>
          <dt>Tags</dt>
          <dd class="tags">{about.tags.join(' · ')}</dd>
        </div>
        <div>
          <dt>Findings in 7 days</dt>
          <dd>
            {count(activity?.findings ?? 0)}, {count(activity?.excluded ?? 0)} of them excluded ·{' '}
            <a href={`/incidents?detector=${encodeURIComponent(about.id)}`}>its incidents</a>
          </dd>
        </div>
        <div>
          <dt>Runs in 24 hours</dt>
          <dd>
            {count(activity?.runs ?? 0)}, {count(activity?.failed ?? 0)} of them failed
            {activity?.lastFault ? (
              <>
                ; the last: <Said text={activity.lastFault} most={200} />
              </>
            ) : null}
          </dd>
        </div>
        <div>
          <dt>Precision</dt>
          <dd>
            <Precision feedback={feedback} />
          </dd>
        </div>
      </dl>
      <Section id="page" title="What it sees, what to do">
        {readme === '' ? <Empty>It has no page.</Empty> : <Markdown text={readme} />}
      </Section>
      {scorecard === '' ? null : (
        <Section id="scorecard" title="Scorecard">
          <pre>{forBlock(scorecard)}</pre>
        </Section>
      )}
    </article>,
  )
}

/** Headings, lists, paragraphs and fenced blocks of our own pages; anything else stays text. */
function Markdown({ text }: { text: string }) {
  const blocks = forBlock(text)
    .split(/\n(?=```)|(?<=\n```)\n|\n\s*\n/)
    .map((block) => block.replace(/^\n+|\n+$/g, ''))
  return (
    <div class="prose">
      {joined(blocks)
        .filter((block) => block !== '' && !/^# /.test(block))
        .map((block, index) => (
          <Block key={index} block={block} />
        ))}
    </div>
  )
}

/** A fenced block may hold empty lines. */
function joined(blocks: readonly string[]): string[] {
  const whole: string[] = []
  let open = false
  for (const block of blocks) {
    if (open) whole[whole.length - 1] += `\n\n${block}`
    else whole.push(block)
    if ((block.match(/^```/gm) ?? []).length % 2 === 1) open = !open
  }
  return whole
}

function Block({ block }: { block: string }) {
  const fenced = /^```\w*\n([\s\S]*?)\n?```$/.exec(block)
  if (fenced) return <pre>{fenced[1]}</pre>
  const heading = /^#{2,4} (.*)/.exec(block)
  if (heading)
    return (
      <>
        <h3>{heading[1]}</h3>
        {block.includes('\n') ? <Block block={block.slice(block.indexOf('\n') + 1).trim()} /> : null}
      </>
    )
  const items = block.split(/\n(?=[-*] )/)
  if (items.every((item) => /^[-*] /.test(item)))
    return (
      <ul>
        {items.map((item) => (
          <li key={item}>{plain(item.slice(2))}</li>
        ))}
      </ul>
    )
  if (block.startsWith('|')) return <pre>{block}</pre>
  return <p>{plain(block)}</p>
}

/** Marks of emphasis and code say nothing here; links keep their words. */
const plain = (text: string): string =>
  text
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*|`/g, '')
