/**
 * Secrets in the policy file: never the text itself, which would be in every copy of the file, but where it is. `key_file` is a
 * file, relative to the policy file, `key_env` a variable `WATCHKEEPER_SECRET_…`.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { faulty, type Key, optional, type Reader, text } from '../yaml-reader.js'
import type { Secret } from './notifiers/contract.js'

export type Environment = Readonly<Record<string, string>>
/** A secret, once the environment is known. */
export type Hidden = (environment: Environment) => Secret

const inFile: Reader<Hidden> = (node, place) => {
  const path = text()(node, place)
  if (path === faulty) return faulty
  return () => async () => {
    const read = (await readFile(resolve(place.folder, path), 'utf8')).trim()
    if (read === '') throw Object.assign(new Error('the file of a secret is empty'), { code: 'its file is empty' })
    return read
  }
}

const inEnvironment: Reader<Hidden> = (node, place) => {
  const name = text((value) =>
    /^WATCHKEEPER_SECRET_[A-Z0-9_]+$/.test(value) ? undefined : 'expected the name of a variable WATCHKEEPER_SECRET_…',
  )(node, place)
  if (name === faulty) return faulty
  return (environment) => async () => {
    const read = environment[name] ?? ''
    if (read === '') throw Object.assign(new Error(`${name} is not set`), { code: `${name} is not set` })
    return read
  }
}

const maybe = (reader: Reader<Hidden>): Key<Hidden | undefined> => optional<Hidden | undefined>(reader, undefined)

/** The two keys under which a secret may stand. */
export const secretKeys = <const Name extends string>(name: Name) =>
  ({ [`${name}_file`]: maybe(inFile), [`${name}_env`]: maybe(inEnvironment) }) as Record<
    `${Name}_file` | `${Name}_env`,
    Key<Hidden | undefined>
  >

/** What is wrong with the two, or nothing. */
export const oneSecret =
  (name: string, needed = true) =>
  (value: Readonly<Record<string, unknown>>): string | undefined => {
    const given = [value[`${name}_file`], value[`${name}_env`]].filter((one) => one !== undefined).length
    if (given > 1) return `expected ${name}_file or ${name}_env, not both`
    return given === 0 && needed ? `expected ${name}_file or ${name}_env` : undefined
  }
