/**
 * The command that started a server, as it may stand clear in a record: what looks like a secret by its form, or by the
 * name before it, is cut out. The digest is over the whole of it, so that a change shows that the clear text hides.
 */
import { type Capturer, redact } from '../capture/index.js'

const secretName = '[\\w-]*(?:token|secret|passw|pwd|key|auth|credential|cookie|session|signature)[\\w-]*'
/** `NAME=value` as in `docker run -e`, `--option=value`, and `?name=value` in a URL. */
const assignment = new RegExp(`(^|[?&;,\\s])(-{0,2}${secretName}=)[^&;,\\s]+`, 'gi')
/** `Name: value`, a header as bridges to remote servers take them. */
const header = new RegExp(`^(${secretName}\\s*:\\s*)\\S.*$`, 'is')
/** `--option` whose value is the next word. */
const option = new RegExp(`^-{1,2}${secretName}$`, 'i')
/** A run that no person chose: keys that have no known form. Paths and names have slashes, dots, or no digits. */
const opaque = /[A-Za-z0-9_+=-]{32,}/g
/** Characters of one word; no form needs more. */
const wordLength = 4096

export interface CommandFacts {
  readonly command_line: string
  /** Keyed. */
  readonly command_digest: string
}

export function commandFacts(words: readonly string[], capturer: Capturer): CommandFacts {
  return {
    command_line: words.map((word, at) => quoted(cleaned(word, words[at - 1] ?? ''))).join(' '),
    command_digest: capturer.secret(JSON.stringify(words)),
  }
}

function cleaned(word: string, before: string): string {
  if (option.test(before) && !word.startsWith('-')) return '[secret]'
  return redact(word.slice(0, wordLength))
    .replace(header, '$1[secret]')
    .replace(assignment, '$1$2[secret]')
    .replace(opaque, (run) => ((run.match(/\d/g) ?? []).length >= 3 && /[A-Za-z]/.test(run) ? '[opaque]' : run))
}

const quoted = (word: string): string => (/^[\w@%+=:,./[\]-]+$/.test(word) ? word : JSON.stringify(word))
