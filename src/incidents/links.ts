/** Where an incident is to be seen: addresses of ours, made of settings and ids alone, so that they stay links where all else is defanged. */
import type { Incident } from './incident.js'

/** Base addresses; '' where there is none. */
export interface Places {
  readonly console: string
  readonly grafana: string
}

export interface Link {
  readonly name: 'Console' | 'Grafana'
  readonly url: string
}

/** The uid of the investigation dashboard; a test holds it to `dashboards/addresses.ts`. */
export const investigation = 'watchkeeper-investigation'

export function linksOf({ id }: Pick<Incident, 'id'>, { console, grafana }: Places): readonly Link[] {
  const links: Link[] = []
  if (console !== '') links.push({ name: 'Console', url: `${console.replace(/\/+$/, '')}/incidents/${id}` })
  if (grafana !== '')
    links.push({ name: 'Grafana', url: `${grafana.replace(/\/+$/, '')}/d/${investigation}?var-incident=${id}` })
  return links
}
