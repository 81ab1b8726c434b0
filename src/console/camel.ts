/** Rows of the inventory have the names of columns; the API has one way to write a name. */
type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name

export type Camelled<T> = T extends readonly (infer Item)[]
  ? Camelled<Item>[]
  : T extends object
    ? { [Key in keyof T as Camel<Key & string>]: Camelled<T[Key]> }
    : T

export function camelled<T>(value: T): Camelled<T> {
  if (Array.isArray(value)) return value.map(camelled) as Camelled<T>
  if (typeof value !== 'object' || value === null) return value as Camelled<T>
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelled(member),
    ]),
  ) as Camelled<T>
}
