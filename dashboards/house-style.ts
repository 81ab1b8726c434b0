/**
 * How all our dashboards look: one set of colours for severities and outcomes, one way to say "nothing here", links that keep
 * range and choice. Every panel has a description (what it shows, what to do) and a text for no data.
 */
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge'
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  VisibilityMode,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common'
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type MappingType,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import { chosen, dataSource, type FilterName, happened, queryModel, target } from './query.js'

/** Colour-blind safe in pairs: severities differ in lightness too. */
export const colours = {
  critical: '#8F3BB8',
  high: '#E02F44',
  medium: '#FF9830',
  low: '#FADE2A',
  info: '#8AB8FF',
  good: '#56A64B',
  neutral: '#8E8E9E',
} as const

/** Series by name, on every dashboard the same. */
const ofName: Readonly<Record<string, string>> = {
  critical: colours.critical,
  high: colours.high,
  medium: colours.medium,
  low: colours.low,
  info: colours.info,
  ok: colours.good,
  tool_error: colours.medium,
  protocol_error: colours.low,
  denied: colours.high,
  error: colours.high,
  timeout: colours.medium,
  over_budget: colours.low,
  crowded_out: colours.neutral,
}

/** From `value` on, in the unit of the panel. */
export type Step = readonly [value: number, colour: keyof typeof colours]

export interface PanelText {
  readonly title: string
  /** What it shows, and what to do about it. */
  readonly description: string
  readonly sql: string
  /** Shown instead of an empty panel: why there may be nothing, and what to do. */
  readonly empty: string
  /** Of 24 columns. */
  readonly width: number
  /** In rows of 30 pixels. */
  readonly height?: number
  /** Grafana's id of the unit of the values. */
  readonly unit?: string
  readonly steps?: readonly Step[]
}

/** Which dashboard, with which variables set from the row's fields (those hold hex or ids, never names). */
export interface DrillDown {
  readonly title: string
  readonly to: string
  readonly set: Readonly<Record<string, string>>
}

export interface Column {
  readonly unit?: string
  readonly width?: number
  readonly link?: DrillDown
  readonly hidden?: true
  readonly colour?: 'names'
  readonly steps?: readonly Step[]
}

export type Built = { readonly build: () => Panel }

const thresholds = (steps: readonly Step[] = []): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([
      { value: null, color: steps.length > 0 ? colours.good : colours.neutral },
      ...steps.map(([value, colour]) => ({ value, color: colours[colour] })),
    ])

interface Common<B> {
  title(text: string): B
  description(text: string): B
  datasource(ref: typeof dataSource): B
  noValue(text: string): B
  span(width: number): B
  height(height: number): B
  thresholds(config: ThresholdsConfigBuilder): B
  unit(unit: string): B
}

function common<B extends Common<B>>(panel: B, text: PanelText, height: number): B {
  return panel
    .title(text.title)
    .description(text.description)
    .datasource(dataSource)
    .noValue(text.empty)
    .span(text.width)
    .height(text.height ?? height)
    .thresholds(thresholds(text.steps))
    .unit(text.unit ?? 'short')
}

/** One number, or one for each column. */
export function stat(text: PanelText): Built {
  return common(new Stat(), text, 4)
    .withTarget(target(text.sql, 'table'))
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
}

/** Columns `time`, a name, a value: one series for each name. */
export function series(
  text: PanelText & { readonly by: string; readonly as?: 'bars' | 'lines'; readonly leastInterval?: string },
): Built {
  const bars = text.as !== 'lines'
  const panel = common(new TimeSeries(), text, 8)
    .withTarget(target(text.sql, 'timeseries'))
    .displayName(`\${__field.labels.${text.by}}`)
    .interval(text.leastInterval ?? '1m')
    .drawStyle(bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .fillOpacity(bars ? 80 : 10)
    .lineWidth(1)
    .showPoints(VisibilityMode.Auto)
    .min(0)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
  if (bars) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  // Overrides look at the name before `displayName` is applied: that of the column, then the label.
  for (const [name, colour] of Object.entries(ofName)) {
    panel.overrideByRegexp(`/(^|\\s)${name}$/`, [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }])
  }
  return panel
}

/** Columns: a name, a value; in the order of the rows. */
export function bars(text: PanelText): Built {
  return common(new BarGauge(), text, 8)
    .withTarget(target(text.sql, 'table'))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs([]).values(true).limit(20))
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .namePlacement(BarGaugeNamePlacement.Left)
    .min(0)
}

export function table(text: PanelText & { readonly columns?: Readonly<Record<string, Column>> }): Built {
  const panel = common(new Table(), text, 9).withTarget(target(text.sql, 'table')).filterable(true).inspect(true)
  for (const [name, column] of Object.entries(text.columns ?? {})) panel.overrideByName(name, properties(column))
  return panel
}

function properties({ unit, width, link, hidden, colour, steps }: Column): DynamicConfigValue[] {
  const list: DynamicConfigValue[] = []
  if (unit !== undefined) list.push({ id: 'unit', value: unit })
  if (width !== undefined) list.push({ id: 'custom.width', value: width })
  if (link !== undefined) list.push({ id: 'links', value: [drill(link).build()] })
  // Under the name of Grafana 12 and, where the table reads that, of its successor; links reach hidden fields, too.
  if (hidden) {
    list.push({ id: 'custom.hidden', value: true })
    list.push({ id: 'custom.hideFrom', value: { viz: true, legend: false, tooltip: false } })
  }
  if (colour === 'names' || steps !== undefined)
    list.push({ id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } })
  if (colour === 'names') list.push({ id: 'mappings', value: [nameColours] })
  if (steps !== undefined) list.push({ id: 'thresholds', value: thresholds(steps).build() })
  return list
}

const nameColours: ValueMapping = {
  type: 'value' as MappingType.ValueToText,
  options: Object.fromEntries(Object.entries(ofName).map(([name, color], index) => [name, { color, index }])),
}

function drill({ title, to, set }: DrillDown): DashboardLinkBuilder {
  const vars = Object.entries(set).map(([name, value]) => `var-${name}=${value}`)
  return new DashboardLinkBuilder(title).url(`/d/${to}?${['$__url_time_range', ...vars].join('&')}`)
}

/** The choice of names is made from `sql`, whose columns are the name as hex, and the name. */
export interface Choice {
  readonly name: string
  readonly label: string
  readonly description: string
  readonly sql: string
  /** Several, or all; else exactly one. */
  readonly several: boolean
}

const choices: Readonly<Record<FilterName, Omit<Choice, 'name' | 'several'>>> = {
  tenant: {
    label: 'Tenant',
    description: 'Whose records.',
    sql: `SELECT DISTINCT hex(tenant), tenant FROM ${happened} AS audit WHERE $__timeFilter(kept_at) ORDER BY tenant LIMIT 1000`,
  },
  server: {
    label: 'Server',
    description: 'MCP servers by the name they give themselves.',
    sql: `SELECT DISTINCT hex(server_name), server_name FROM ${happened} AS audit
      WHERE $__timeFilter(kept_at) AND server_name != '' AND ${chosen('tenant', 'tenant')} ORDER BY server_name LIMIT 1000`,
  },
  subject: {
    label: 'Subject',
    description: 'Who the token says the caller is.',
    sql: `SELECT DISTINCT hex(subject), subject FROM ${happened} AS audit
      WHERE $__timeFilter(kept_at) AND subject != '' AND ${chosen('tenant', 'tenant')} ORDER BY subject LIMIT 1000`,
  },
  detector: {
    label: 'Detector',
    description: 'Detectors that ran or found something.',
    sql: `SELECT DISTINCT hex(detector), detector FROM (
        SELECT detector FROM detector_runs WHERE $__timeFilter(started_at)
        UNION ALL SELECT detector FROM finding WHERE $__timeFilter(found_at))
      ORDER BY detector LIMIT 1000`,
  },
}

function variable({ name, label, description, sql, several }: Choice): QueryVariableBuilder {
  const built = new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(dataSource)
    .query({ ...queryModel(sql, 'table', name) })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.Disabled)
    .multi(several)
    .includeAll(several)
  return several ? built.allowCustomValue(false).current({ text: ['All'], value: ['$__all'] }) : built
}

/** Incidents as marks on every time axis; a click says which. */
const incidentMarks = (): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name('Incidents')
    .datasource(dataSource)
    .enable(true)
    .iconColor(colours.high)
    .target({
      build: () => ({
        ...queryModel(
          `SELECT opened_at AS time, title AS title, concat(severity, ': ', summary) AS text, severity AS tags
          FROM incident
          WHERE maturity = 'stable' AND $__timeFilter(opened_at) AND ${chosen('tenant', 'tenant')}
          ORDER BY opened_at LIMIT 500`,
          'table',
          'Incidents',
        ),
        // What every annotation's target has, and this data source does not look at.
        limit: 500,
        matchAny: false,
        tags: [],
        type: 'tags',
        _implementsDataqueryVariant: () => undefined,
      }),
    })

export interface DashboardText {
  /** Part of its address: never change it. */
  readonly uid: string
  readonly title: string
  readonly description: string
  /** `tenant` is always there. */
  readonly filters?: readonly Exclude<FilterName, 'tenant'>[]
  readonly choices?: readonly Choice[]
  /** Default range, as Grafana says it: `now-24h`. */
  readonly since?: string
  readonly rows: readonly { readonly title: string; readonly panels: readonly Built[] }[]
}

/** Panels in rows; ids are places, so the same text gives the same JSON. */
export function dashboard(text: DashboardText): Dashboard {
  const builder = new DashboardBuilder(text.title)
    .uid(text.uid)
    .description(text.description)
    .tags(['watchkeeper'])
    .time({ from: text.since ?? 'now-24h', to: 'now' })
    .timezone('utc')
    .refresh('1m')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Watchkeeper')
        .type(DashboardLinkType.Dashboards)
        .tags(['watchkeeper'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .annotation(incidentMarks())
  for (const name of ['tenant', ...(text.filters ?? [])] as const)
    builder.withVariable(variable({ name, several: true, ...choices[name] }))
  for (const choice of text.choices ?? []) builder.withVariable(variable(choice))
  for (const { title, panels } of text.rows) {
    builder.withRow(new RowBuilder(title))
    for (const panel of panels) builder.withPanel(panel)
  }
  const built = builder.build()
  for (const [index, panel] of (built.panels ?? []).entries()) panel.id = index + 1
  return built
}

export type { Dashboard }
