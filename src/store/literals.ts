/**
 * Long lists in a statement. A bound parameter travels in the URL, which is short; a list of thousands of session keys goes
 * into the statement itself, as hex digits: no text can be anything but text there.
 */
export function textList(values: readonly string[]): string {
  if (values.length === 0) return 'emptyArrayString()'
  return `arrayMap(x -> unhex(x), [${values.map((value) => `'${Buffer.from(value).toString('hex')}'`).join(',')}])`
}

const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** UUIDs as literals: they convert where they are compared. Throws where one is none. */
export function uuidTexts(values: readonly string[]): string {
  return values
    .map((value) => {
      if (!uuidShape.test(value)) throw new TypeError('not a UUID')
      return `'${value}'`
    })
    .join(',')
}

export const numberList = (values: readonly number[]): string =>
  values.map((value) => String(Math.trunc(value))).join(',')
