/** Files by which Grafana sets itself up: https://grafana.com/docs/grafana/latest/administration/provisioning/ */
import { stringify } from 'yaml'
import { dataSource } from './query.js'

/**
 * Grafana reads `$NAME` from its own environment: no address and no password stands in the file. `ownAuthority`: the certificate of
 * ClickHouse is signed by an authority that is in no list, whose PEM is read from there too.
 */
export const dataSources = (ownAuthority: boolean): string =>
  `# The user should only be able to read (deploy a user of ClickHouse with readonly = 2 and row policies for its tenants).\n${stringify(
    {
      apiVersion: 1,
      datasources: [
        {
          name: 'Watchkeeper',
          type: dataSource.type,
          uid: dataSource.uid,
          access: 'proxy',
          editable: false,
          jsonData: {
            host: '$WATCHKEEPER_GRAFANA_CLICKHOUSE_HOST',
            port: '$WATCHKEEPER_GRAFANA_CLICKHOUSE_PORT',
            protocol: 'http',
            secure: '$WATCHKEEPER_GRAFANA_CLICKHOUSE_TLS',
            username: '$WATCHKEEPER_GRAFANA_CLICKHOUSE_USER',
            defaultDatabase: '$WATCHKEEPER_GRAFANA_CLICKHOUSE_DATABASE',
            ...(ownAuthority ? { tlsAuthWithCACert: true } : {}),
          },
          secureJsonData: {
            password: '$WATCHKEEPER_GRAFANA_CLICKHOUSE_PASSWORD',
            ...(ownAuthority ? { tlsCACert: '$WATCHKEEPER_GRAFANA_CLICKHOUSE_CA' } : {}),
          },
        },
      ],
    },
  )}`

/** `folder`: where Grafana finds the JSON files, as Grafana sees it. */
export const dashboardProviders = (folder: string): string =>
  stringify({
    apiVersion: 1,
    providers: [
      {
        name: 'watchkeeper',
        folder: 'Watchkeeper',
        folderUid: 'watchkeeper',
        type: 'file',
        disableDeletion: true,
        allowUiUpdates: false,
        updateIntervalSeconds: 60,
        options: { path: folder, foldersFromFilesStructure: false },
      },
    ],
  })
