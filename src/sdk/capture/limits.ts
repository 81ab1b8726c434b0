/**
 * Bounds of capture. All input is chosen by strangers, so each dimension has one; what lies beyond is not looked at and
 * the record says `truncated`.
 */
export const limits = {
  /** Characters of all text that is analysed in one value. Sizes and digests cover more, see `canonical.ts`. */
  text: 262_144,
  /** Leaves (strings, numbers) of one value. */
  leaves: 4096,
  /** Levels of nesting, JSON inside strings included. */
  depth: 32,
  /** Members visited in objects and arrays of one value. */
  nodes: 50_000,
  /** Sentences of one value. */
  sentences: 4096,
  /** Characters of one sentence; a longer one is cut into pieces. */
  sentence: 1600,
  /** Words of one sentence that the grammar looks at. */
  words: 160,
  orders: 32,
  /** Fingerprints of one order. */
  orderAtoms: 64,
  orderFollowing: 24,
  orderShingles: 8,
  /** Fingerprints of one side of a call. */
  fingerprints: 512,
  /** Shingles among them. */
  shingles: 128,
  /** Content words kept of one argument. */
  leafWords: 32,
  destinations: 32,
  /** Encoded values (base64, hex, URL-encoded, …) of one text that are read, and how deep they stand in one another. */
  decoded: 8,
  decodedDepth: 3,
  /** Values of links' queries that are looked at in one text. */
  queryValues: 32,
} as const
