/** The kinds of receivers: what each is told in the policy file, and the notifier it makes. */
import { isScalar } from 'yaml'
import { faulty, listOf, oneOf, optional, type Reader, record, required, text, trueOrFalse } from '../yaml-reader.js'
import { alertmanager } from './notifiers/alertmanager.js'
import type { Common, Notifier } from './notifiers/contract.js'
import { email } from './notifiers/email.js'
import { ocsfWebhook } from './notifiers/ocsf-webhook.js'
import { opsgenie, opsgenieUrl } from './notifiers/opsgenie.js'
import { pagerDuty, pagerDutyUrl } from './notifiers/pagerduty.js'
import { slack } from './notifiers/slack.js'
import { syslog } from './notifiers/syslog.js'
import { teams } from './notifiers/teams.js'
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

const port: Reader<number> = (node, place) => {
  const at = place.resolved(node)
  const value = isScalar(at) ? String(at.value) : ''
  return /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535
    ? Number(value)
    : place.fault(node, 'expected a port up to 65535')
}
const address = text((value) =>
  /^[^\s@<>,;]+@[^\s@<>,;]+$/.test(value) ? undefined : 'expected one mail address: soc@corp.example',
)

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
  teams: made(
    record(secretKeys('url'), oneSecret('url')),
    ({ url_file, url_env }) =>
      (common, environment) =>
        teams({ ...common, url: given(url_file, url_env)(environment) }),
  ),
  opsgenie: made(
    record({ ...secretKeys('key'), url: optional(httpUrl, opsgenieUrl) }, oneSecret('key')),
    ({ key_file, key_env, url }) =>
      (common, environment) =>
        opsgenie({ ...common, url, key: given(key_file, key_env)(environment) }),
  ),
  alertmanager: made(
    record({ url: required(httpUrl), ...secretKeys('authorization') }, oneSecret('authorization', false)),
    ({ url, authorization_file, authorization_env }) =>
      (common, environment) =>
        alertmanager({ ...common, url, authorization: (authorization_file ?? authorization_env)?.(environment) }),
  ),
  email: made(
    record(
      {
        host: required(text()),
        port: optional(port, 587),
        tls: optional(oneOf('implicit', 'starttls', 'none'), 'starttls'),
        from: required(address),
        to: required(listOf(address)),
        user: optional<string | undefined>(text(), undefined),
        ...secretKeys('password'),
      },
      (value) => {
        if (value.to.length === 0) return 'expected at least one address in to'
        return oneSecret('password', value.user !== undefined)(value)
      },
    ),
    ({ password_file, password_env, ...rest }) =>
      (common, environment) =>
        email({
          ...common,
          ...rest,
          password: (password_file ?? password_env)?.(environment),
        }),
  ),
  ocsf: made(
    record({ url: required(httpUrl), ...secretKeys('authorization') }, oneSecret('authorization', false)),
    ({ url, authorization_file, authorization_env }) =>
      (common, environment) =>
        ocsfWebhook({ ...common, url, authorization: (authorization_file ?? authorization_env)?.(environment) }),
  ),
  syslog: made(
    record({
      host: required(text()),
      port: optional(port, 6514),
      tls: optional(trueOrFalse, true),
      format: optional(oneOf('cef', 'ocsf'), 'cef'),
    }),
    (settings) => (common) => syslog({ ...common, ...settings }),
  ),
}
