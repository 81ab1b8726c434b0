/**
 * Alert rules for the pipeline itself: who watches the watchkeeper. Incidents are not told this way, the role `alert` does that; these
 * say that it could not. Each rule names its receiver, so that the tree of notification policies stays yours.
 */
import { stringify } from 'yaml'
import { uids } from './addresses.js'
import { added, dark, lost, pipelineHealth, producersOf } from './pipeline-health.js'
import { dataSource, queryModel, told } from './query.js'

export interface AlertRule {
  /** Never changes: Grafana knows the rule's state by it. */
  readonly uid: string
  readonly title: string
  /** What it means, and what to do first. */
  readonly description: string
  readonly severity: 'critical' | 'warning'
  /** Seconds up to now that the query sees. */
  readonly range: number
  /** Text columns become labels, the one numeric column is compared. */
  readonly sql: string
  /** Fires above this, in the column's own unit. */
  readonly above: number
  /** How long it has to be so. */
  readonly lasting: '0s' | '5m' | '10m'
  /** Title of the panel of `Pipeline health` that shows more. */
  readonly panel: string
}

const minute = 60
const hour = 60 * minute
const receiver = 'Watchkeeper pipeline'

export const pipelineRules: readonly AlertRule[] = [
  {
    uid: 'watchkeeper-silent-sensors',
    title: 'Sensors fell silent',
    description:
      'Producers that told something within a day, did not say goodbye, and are silent for half an hour. An attacker switches the sensor off first: ask its owner what happened to the service.',
    severity: 'warning',
    range: 24 * hour,
    sql: `SELECT tenant, count() AS producers FROM (${producersOf('')}) WHERE ${dark} GROUP BY tenant`,
    above: 0,
    lasting: '5m',
    panel: 'Silent producers',
  },
  {
    uid: 'watchkeeper-nothing-stored',
    title: 'Nothing is stored any more',
    description:
      'Seconds since the last record was stored; sensors tell of their health every few minutes, so silence is no lull. Look at /readyz of the roles receive and store, and at `watchkeeper doctor`.',
    severity: 'critical',
    range: 24 * hour,
    sql: `SELECT if(count() = 0, 0, greatest(0, dateDiff('second', max(stored_at), $__toTime))) AS seconds
      FROM ${told} AS records WHERE kept_at >= ($__fromTime) AND stored_at <= ($__toTime)`,
    above: 15 * minute,
    lasting: '5m',
    panel: 'Stored, by side',
  },
  {
    uid: 'watchkeeper-lag',
    title: 'Records are stored late',
    description:
      'Seconds from receipt to store for 95 of 100 records. Detection comes after that. Is Kafka or ClickHouse slow, or does the role store need more processes?',
    severity: 'warning',
    range: 15 * minute,
    sql: `SELECT if(count() = 0, 0, quantileExact(0.95)(greatest(0, dateDiff('microsecond', received_at, stored_at))) / 1000000) AS seconds
      FROM ${told} AS records WHERE $__timeFilter(stored_at) AND kept_at >= ($__fromTime) - INTERVAL 8 DAY`,
    above: 30,
    lasting: '5m',
    panel: 'Lag',
  },
  {
    uid: 'watchkeeper-lost',
    title: 'Records were lost or refused',
    description:
      'Records that a stage dropped or failed on, by stage and reason. `full` means that senders have to come again; src/ERRORS.md tells the others.',
    severity: 'critical',
    range: 15 * minute,
    sql: `SELECT stage, reason, sum(more) AS records FROM (${added}) WHERE ${lost} GROUP BY stage, reason`,
    above: 0,
    lasting: '0s',
    panel: 'Lost or refused, by reason',
  },
  {
    uid: 'watchkeeper-dead-letters',
    title: 'Records were not understood',
    description:
      'New dead letters, by reason. `watchkeeper dead-letters list` shows them; after the cause is mended `watchkeeper dead-letters replay` brings them in.',
    severity: 'warning',
    range: 15 * minute,
    sql: `SELECT tenant, reason, count() AS letters FROM dead_letter WHERE $__timeFilter(at) GROUP BY tenant, reason`,
    above: 0,
    lasting: '0s',
    panel: 'Dead letters by reason',
  },
  {
    uid: 'watchkeeper-deliveries',
    title: 'Incidents do not reach a receiver',
    description:
      'Attempts that a receiver refused, or that have to come again, and none that arrived. Try it: `watchkeeper alert test NAME`.',
    severity: 'critical',
    range: 30 * minute,
    sql: `SELECT receiver, countIf(outcome IN ('retry', 'refused')) * (countIf(outcome = 'delivered') = 0) AS attempts
      FROM deliveries WHERE $__timeFilter(at) GROUP BY receiver`,
    above: 0,
    lasting: '5m',
    panel: 'Receivers of alerts',
  },
  {
    uid: 'watchkeeper-silent-itself',
    title: 'Watchkeeper tells nothing of itself',
    description:
      'No process wrote its counters for ten minutes: the roles that reach the store are all down, or the store takes no writes.',
    severity: 'critical',
    range: 10 * minute,
    sql: `SELECT count() = 0 AS silent FROM pipeline_counters WHERE $__timeFilter(at)`,
    above: 0,
    lasting: '5m',
    panel: 'Received and passed on, by stage',
  },
  {
    uid: 'watchkeeper-disk',
    title: 'A disk of the store fills up',
    description:
      'Percent that are used. Merges need room: above 90 the engine begins to refuse. Add disk, or keep records for fewer days (WATCHKEEPER_RETENTION_DAYS).',
    severity: 'warning',
    range: 10 * minute,
    sql: `SELECT name AS disk, 100 * (1 - free_space / total_space) AS used FROM system.disks WHERE total_space > 0`,
    above: 80,
    lasting: '10m',
    panel: 'Stored',
  },
]

/** Grafana's file format for rules: https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/ */
const inGrafana = (rule: AlertRule) => ({
  uid: rule.uid,
  title: rule.title,
  condition: 'B',
  data: [
    {
      refId: 'A',
      relativeTimeRange: { from: rule.range, to: 0 },
      datasourceUid: dataSource.uid,
      model: { ...queryModel(rule.sql, 'table'), intervalMs: 60_000, maxDataPoints: 1000 },
    },
    {
      refId: 'B',
      relativeTimeRange: { from: 0, to: 0 },
      datasourceUid: '__expr__',
      model: {
        refId: 'B',
        type: 'threshold',
        datasource: { type: '__expr__', uid: '__expr__' },
        expression: 'A',
        conditions: [{ evaluator: { type: 'gt', params: [rule.above] } }],
      },
    },
  ],
  // No row: nobody is silent, nothing was lost. Queries that have to answer always have a row.
  noDataState: 'OK',
  // The store does not answer: that is worth an alert by itself.
  execErrState: 'Alerting',
  for: rule.lasting,
  dashboardUid: uids.pipeline,
  panelId: panelId(rule.panel),
  annotations: {
    summary: rule.title,
    description: rule.description,
    __dashboardUid__: uids.pipeline,
    __panelId__: String(panelId(rule.panel)),
  },
  labels: { severity: rule.severity, service: 'watchkeeper' },
  notification_settings: { receiver, group_by: ['alertname', 'grafana_folder'], repeat_interval: '4h' },
  isPaused: false,
})

function panelId(title: string): number {
  const panel = (pipelineHealth.panels ?? []).find((one) => one.title === title)
  if (panel?.id === undefined) throw new Error(`Pipeline health has no panel "${title}"`)
  return panel.id
}

export const alertRules = (): string =>
  stringify({
    apiVersion: 1,
    groups: [
      { orgId: 1, name: 'pipeline', folder: 'Watchkeeper', interval: '1m', rules: pipelineRules.map(inGrafana) },
    ],
  })

/** Grafana reads the address from its environment. Change the kind here or in its interface: a webhook is what all have. */
export const contactPoints = (): string =>
  stringify({
    apiVersion: 1,
    contactPoints: [
      {
        orgId: 1,
        name: receiver,
        receivers: [
          {
            uid: 'watchkeeper-pipeline',
            type: 'webhook',
            settings: { url: '$WATCHKEEPER_GRAFANA_ALERT_URL', httpMethod: 'POST' },
            disableResolveMessage: false,
          },
        ],
      },
    ],
  })
