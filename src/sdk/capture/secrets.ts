/** Secrets by their form: which kind was seen, never the value. And the same forms cut out of clear text. */

import { limits } from './limits.js'

/** Each form starts with a fixed text or a bounded class and has no nested repetition: linear time. */
const forms: readonly (readonly [kind: string, form: RegExp])[] = [
  [
    'private_key',
    /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,4000}?(?:-----END [A-Z0-9 ]{1,60}-----|$)/g,
  ],
  ['jwt', /\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{4,4000}\.[A-Za-z0-9_-]{0,2000}/g],
  ['aws_access_key', /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g],
  ['github_token', /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b/g],
  ['gitlab_token', /\bglpat-[A-Za-z0-9_-]{20,64}/g],
  ['slack_token', /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/g],
  ['slack_webhook', /https:\/\/hooks\.slack\.com\/(?:services|workflows)\/[A-Za-z0-9/_-]{20,200}/g],
  ['stripe_key', /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,200}/g],
  ['google_api_key', /\bAIza[A-Za-z0-9_-]{35}/g],
  ['google_oauth_secret', /\bGOCSPX-[A-Za-z0-9_-]{20,64}/g],
  ['anthropic_key', /\bsk-ant-[A-Za-z0-9_-]{20,200}/g],
  ['openai_key', /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,200}/g],
  ['npm_token', /\bnpm_[A-Za-z0-9]{36}\b/g],
  ['pypi_token', /\bpypi-[A-Za-z0-9_-]{50,250}/g],
  ['sendgrid_key', /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}/g],
  ['telegram_token', /\b\d{8,10}:AA[A-Za-z0-9_-]{32,36}/g],
  ['azure_key', /\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,100}={0,2}/g],
  ['url_password', /\b[a-z][a-z0-9+.-]{1,14}:\/\/[^\s/:@]{1,100}:[^\s/@]{1,200}@/gi],
  ['bearer_token', /\bBearer\s{1,4}[A-Za-z0-9._~+/-]{16,4000}=*/g],
  [
    'password',
    /\b(?:password|passwd|passwort|passphrase|mot de passe|contraseña|pwd)["']?\s{0,4}(?:[:=]|is|ist|est|es)\s{0,4}["']?[^\s"',;]{4,200}/gi,
  ],
  [
    'secret',
    /\b(?:api[_-]?key|client[_-]?secret|access[_-]?token|refresh[_-]?token|secret[_-]?key|auth[_-]?token|secret)["']?\s{0,4}(?:[:=]|is)\s{0,4}["']?[^\s"',;]{4,400}/gi,
  ],
  ['credit_card', /\b(?:\d{4}[ -]?){3}\d{4}\b/g],
]

/** Kinds of secret that stand in the text, sorted. */
export function secretKindsIn(text: string): string[] {
  const kinds: string[] = []
  for (const [kind, form] of forms) {
    form.lastIndex = 0
    if (kind === 'credit_card') {
      if ((text.match(form) ?? []).some(passesLuhn)) kinds.push(kind)
    } else if (form.test(text)) kinds.push(kind)
  }
  return kinds.sort()
}

/** The check digit of payment cards (ISO/IEC 7812): half of all account numbers pass one time in ten. */
function passesLuhn(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at])
    const doubled = digit * 2
    sum += at % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled
  }
  return digits.length >= 13 && sum % 10 === 0 && !/^0+$/.test(digits)
}

const assignment =
  /(--?[\w-]{0,40}(?:token|secret|password|passwd|key|auth|credential)[\w-]{0,20}[= ])("[^"]{0,2000}"|'[^']{0,2000}'|\S{1,2000})/gi

/** Clear text (a command line, opt-in contents) with every known form of secret replaced by `[kind]`; cut at the bound of analysed text. */
export function redact(text: string): string {
  let clean = text.slice(0, limits.text).replace(assignment, '$1[secret]')
  for (const [kind, form] of forms) {
    const stays = (found: string): boolean =>
      kind === 'credit_card' ? !passesLuhn(found) : /[:=]\s*["']?\[secret\]$/.test(found)
    clean = clean.replace(form, (found) => (stays(found) ? found : `[${kind}]`))
  }
  return clean
}
