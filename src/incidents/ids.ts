/** What may stand in a command or a query as it is: ids and hashes by their form, so that no text of an event does. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
/** A keyed 64-bit hash, as fingerprints have it. */
export const isHash = (text: string): boolean => /^[0-9a-f]{16}$/.test(text)
