/** The kinds of receivers: what each is told in the policy file, and the notifier it makes. */
import { faulty, optional, type Reader, record, text } from '../yaml-reader.js'
import type { Common, Notifier } from './notifiers/contract.js'
import { pagerDuty, pagerDutyUrl } from './notifiers/pagerduty.js'
import { slack } from './notifiers/slack.js'
import { webhook } from './notifiers/webhook.js'
import { type Environment, type Hidden, oneSecret, secretKeys } from './secrets.js'

export type Kind = (common: Common, environment: Environment) => Notifier

/** A record's reader that makes something of what it read. */
const made =
  <T>(reader: Reader<T>, make: (value: T) => Kind): Reader<Kind> =>
  (node, place) => {
    const read = reader(node, place)
    return read === faulty ? faulty : make(read as T)
  }

const httpUrl = text((value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return 'expected an http or https URL'
  return url.username === '' && url.password === '' ? undefined : 'expected a URL without user and password'
})

/** The one of two that the check found. */
const given = (...either: readonly (Hidden | undefined)[]): Hidden =>
  either.find((one) => one !== undefined) ?? (() => async () => Promise.reject(new Error('no secret')))

export const kinds: Readonly<Record<string, Reader<Kind>>> = {
  webhook: made(
    record(
      { ...secretKeys('url'), ...secretKeys('secret') },
      (value) => oneSecret('url')(value) ?? oneSecret('secret', false)(value),
    ),
    ({ url_file, url_env, secret_file, secret_env }) =>
      (common, environment) =>
        webhook({
          ...common,
          url: given(url_file, url_env)(environment),
          secret: (secret_file ?? secret_env)?.(environment),
        }),
  ),
  pagerduty: made(
    record({ ...secretKeys('routing_key'), url: optional(httpUrl, pagerDutyUrl) }, oneSecret('routing_key')),
    ({ routing_key_file, routing_key_env, url }) =>
      (common, environment) =>
        pagerDuty({ ...common, url, routingKey: given(routing_key_file, routing_key_env)(environment) }),
  ),
  slack: made(
    record(secretKeys('url'), oneSecret('url')),
    ({ url_file, url_env }) =>
      (common, environment) =>
        slack({ ...common, url: given(url_file, url_env)(environment) }),
  ),
}
