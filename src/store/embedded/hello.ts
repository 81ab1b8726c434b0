/**
 * The greeting of clickhouse-go, through which Grafana reads. It asks once who the server is, reads that answer as a Native
 * block of its own protocol revision, and all later ones as of the revision that the answer names. libchdb writes Native
 * of revision 0 only, so this one block is written here, and names 0.
 */

export const helloStatement = 'SELECT displayName(), version(), revision(), timezone()'

/** A Native block of one row, with the block info and column flags that a revision above 0 has. */
export function helloBlock(version: string): Buffer {
  // Field 1: no overflow row; field 2: no bucket (-1 as Int32); 0 ends the list.
  const info = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0])
  const revision = Buffer.alloc(4)
  const columns = [
    column('displayName()', 'String', text('watchkeeper')),
    column('version()', 'String', text(version)),
    column('revision()', 'UInt32', revision),
    column('timezone()', 'String', text('UTC')),
  ]
  const rows = 1
  return Buffer.concat([info, Buffer.from([columns.length, rows]), ...columns])
}

/** 0: the ordinary serialisation. */
const column = (name: string, type: string, values: Buffer) =>
  Buffer.concat([text(name), text(type), Buffer.from([0]), values])

/** Length and bytes; all texts here are shorter than 128 bytes, so the length is one byte. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value).subarray(0, 127)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}
