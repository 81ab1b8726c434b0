/** Which share of the work an incident is: all findings of one cause belong to one share, so to one process. */
import { stableId } from '../audit-event.js'

export function shareOf(tenant: string, groupKey: string, total: number): number {
  return Number.parseInt(stableId('share', tenant, groupKey).slice(0, 8), 16) % total
}
