import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { WatchkeeperError } from '../errors.js'
import type { Command, CommandIo } from './command.js'

const help = `usage: watchkeeper dashboards --out DIR [--folder PATH] [--own-authority]

Writes our Grafana dashboards, alert rules for the pipeline itself, and the files by which Grafana sets itself up. The same version writes the same files; existing
ones are overwritten, others are left alone.

  --out DIR       where to write: DIR/dashboards/*.json, DIR/provisioning/{dashboards,datasources,alerting}/*.yaml
  --folder PATH   where Grafana will see DIR/dashboards (default /var/lib/grafana/dashboards/watchkeeper)
  --own-authority the certificate of ClickHouse is signed by an authority of your own; Grafana finds its PEM in
                  WATCHKEEPER_GRAFANA_CLICKHOUSE_CA

Grafana needs the plugin grafana-clickhouse-datasource and, in its environment, WATCHKEEPER_GRAFANA_CLICKHOUSE_HOST, _PORT (HTTP),
_TLS (true or false), _USER, _PASSWORD and _DATABASE, and WATCHKEEPER_GRAFANA_ALERT_URL, the webhook that hears of alerts (without
an address Grafana refuses the contact point, and does not start). dashboards/README.md tells what each dashboard answers.

example:
  watchkeeper dashboards --out ./grafana
  docker run -v ./grafana/provisioning:/etc/grafana/provisioning -v ./grafana/dashboards:/var/lib/grafana/dashboards/watchkeeper …

exit codes: 0 done · 64 usage · 73 DIR cannot be written
`

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: 'string' },
      folder: { type: 'string' },
      'own-authority': { type: 'boolean', default: false },
    },
  })
  const { out, folder = '/var/lib/grafana/dashboards/watchkeeper' } = values
  if (!out) throw new WatchkeeperError('WK_USAGE', 'say where to write: watchkeeper dashboards --out DIR')
  // Only here: the library of the dashboards is large, and every command's file is loaded for the list of commands.
  const { dashboardFiles } = await import('../../dashboards/index.js')
  const files = dashboardFiles(folder, values['own-authority'])
  for (const [name, content] of files) {
    const path = join(out, name)
    try {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
      throw new WatchkeeperError('WK_FILE_UNWRITABLE', `${path} cannot be written (${reason})`, { cause: error })
    }
    io.stdout.write(`${path}\n`)
  }
  return 0
}

export const command: Command = { summary: 'Grafana dashboards and their provisioning, as files', help, run }
