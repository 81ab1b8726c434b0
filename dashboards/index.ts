/** All dashboards, and the files that they become. */

import { alertRules, contactPoints } from './alerting.js'
import { detectorHealth } from './detector-health.js'
import { exfiltration } from './exfiltration.js'
import type { Dashboard } from './house-style.js'
import { inventory } from './inventory.js'
import { investigation } from './investigation.js'
import { pipelineHealth } from './pipeline-health.js'
import { dashboardProviders, dataSources } from './provisioning.js'
import { scopes } from './scopes.js'
import { socOverview } from './soc-overview.js'
import { toolActivity } from './tool-activity.js'

export const dashboards: readonly Dashboard[] = [
  socOverview,
  investigation,
  toolActivity,
  scopes,
  exfiltration,
  inventory,
  detectorHealth,
  pipelineHealth,
]

/** Name (with `/`) to content, in order; the same every time. `folder`: where Grafana will see `dashboards/`. */
export function dashboardFiles(folder: string, ownAuthority = false): ReadonlyMap<string, string> {
  return new Map([
    ...dashboards.map((dashboard): [string, string] => [
      `dashboards/${dashboard.uid}.json`,
      `${JSON.stringify(dashboard, null, 2)}\n`,
    ]),
    ['provisioning/dashboards/watchkeeper.yaml', dashboardProviders(folder)],
    ['provisioning/datasources/watchkeeper.yaml', dataSources(ownAuthority)],
    ['provisioning/alerting/watchkeeper-rules.yaml', alertRules()],
    ['provisioning/alerting/watchkeeper-contact-points.yaml', contactPoints()],
  ])
}
