/** JSON on one line. Beyond ASCII escaped: a C1 control or a bidirectional override is legal in JSON, and an order to a terminal. */
export const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
