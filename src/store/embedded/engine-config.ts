/**
 * The engine's configuration file. Server settings and MergeTree's defaults can be given in no other way.
 *
 * Durability. ClickHouse acknowledges an insert when its part is written and renamed, without fsync: it survives the
 * death of any process (`process`, measured with SIGKILL in the middle of inserts), but a loss of power within the
 * kernel's write-back time (about 30 s) may take the newest parts. `power` makes each insert wait for fsync of the part
 * and of its folder: about 1.7 times dearer for batches of 1000 rows.
 */
export function engineConfig(durability: 'process' | 'power'): string {
  const fsync = durability === 'power' ? 1 : 0
  return `<clickhouse>
  <!-- The defaults, 5 GiB and nine tenths, are for servers; this engine shares its machine with what it watches. -->
  <mark_cache_size>268435456</mark_cache_size>
  <max_server_memory_usage_to_ram_ratio>0.5</max_server_memory_usage_to_ram_ratio>
  <merge_tree>
    <fsync_after_insert>${fsync}</fsync_after_insert>
    <fsync_part_directory>${fsync}</fsync_part_directory>
  </merge_tree>
</clickhouse>
`
}
