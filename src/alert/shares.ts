/** Which share of the work an incident is: all of a tenant's belong to one process, since a text may tie any two of its sessions together. */
import { stableId } from '../audit-event.js'

export function shareOf(tenant: string, total: number): number {
  return Number.parseInt(stableId('share', tenant).slice(0, 8), 16) % total
}
