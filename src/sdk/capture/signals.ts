/** Traits of a text that hint at an attack, each 0..1; absent where there is none. Building blocks: none alerts by itself. */
import type { Order } from '../event.js'
import { hiddenTags } from './fold.js'

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes are what it looks for
const escapeSequence = /\u001b[[\]PX^_]/g
const zeroWidth = /[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad]/g
const roleMarker =
  /<\|(?:im_start|im_end|system|user|assistant|endoftext)[^|]{0,20}\|>|\[\/?(?:INST|SYS)\]|<<\/?SYS>>|^\s{0,8}(?:#{1,4}\s?)?(?:system|assistant|developer)\s?(?:prompt|message|instruction)?s?:\s/gim
const htmlComment = /<!--[^>]{12,}/g
const image = /!\[[^\]]{0,200}\]\(\s{0,4}(https?:\/\/[^\s)]{1,1000})/gi
const imageTag = /<img\b[^>]{0,300}?\bsrc\s?=\s?["']?(https?:\/\/[^\s"'>]{1,1000})/gi
const link = /\]\(\s{0,4}(https?:\/\/[^\s)]{1,1000})/gi

/** That the person in charge is not to know: nobody's ordinary wish. One form for each language; gaps are bounded. */
const secrecy = [
  /\b(?:do not|don['’]t|never|must not|without|avoid)\b[^.!?\n]{0,40}\b(?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|notify(?:ing)?|alert(?:ing)?|reveal(?:ing)?|let(?:ting)?)\b[^.!?\n]{0,40}\b(?:user|human|owner|operator|anyone|anybody)\b/i,
  /\b(?:sag|sage|sagen|erzähl|erzähle|verrat|verrate|erwähn|erwähne|informier|informiere|melde)\b[^.!?\n]{0,40}\b(?:nutzer|benutzer|anwender|niemand|niemandem)\w{0,3}\b[^.!?\n]{0,30}(?:\bnicht|\bnichts|\bnie|$)/i,
  /\bn(?:e |['’])(?:dis|dites|mentionne|mentionnez|informe|informez|révèle|révélez|parle|parlez)\b[^.!?\n]{0,60}\b(?:utilisateur|utilisatrice|personne)\b/i,
  /\b(?:no|nunca)\s{1,3}(?:le\s{1,3})?(?:digas|diga|menciones|mencione|informes|informe|reveles|revele|avises|avise)\b[^.!?\n]{0,60}\b(?:usuario|usuaria|nadie)\b/i,
]

/** `opaque`: characters of the text in long encoded or random runs. */
export function signalsOf(text: string, orders: readonly Order[], opaque: number): Record<string, number> {
  const signals: Record<string, number> = {}
  const put = (name: string, score: number): void => {
    if (score > 0) signals[name] = Math.min(1, Math.round(score * 20) / 20)
  }
  const count = (form: RegExp): number => text.match(form)?.length ?? 0
  put('unicode_tags', count(hiddenTags) > 0 ? 1 : 0)
  put('hidden_characters', Math.min(1, count(zeroWidth) / 16))
  put('terminal_escape', Math.min(1, count(escapeSequence) / 2))
  put('role_marker', count(roleMarker) > 0 ? 0.9 : 0)
  put('html_comment', count(htmlComment) > 0 ? 0.5 : 0)
  put('beacon', beaconIn(text))
  put('encoded', opaque < 24 ? 0 : Math.min(1, opaque / 200 + (opaque / text.length) * 0.5))
  put('secrecy', secrecy.some((form) => form.test(text)) ? 1 : 0)
  put('instruction', instruction(orders))
  return signals
}

/** An image loads by itself and takes its query along; a link waits for a click. */
function beaconIn(text: string): number {
  const carries = (form: RegExp, least: number): boolean => {
    form.lastIndex = 0
    for (let match = form.exec(text); match !== null; match = form.exec(text)) {
      const url = match[1] ?? ''
      const query = url.search(/[?#]/)
      if (query >= 0 && url.length - query > least) return true
    }
    return false
  }
  if (carries(image, 4) || carries(imageTag, 4)) return 0.9
  return carries(link, 24) ? 0.5 : 0
}

/** The strongest sentence that both asks and speaks to a machine, its reader, or of its task. */
function instruction(orders: readonly Order[]): number {
  return orders.reduce((most, { mood, flags }) => {
    const addressed =
      (flags.includes('assistant') ? 0.5 : 0) +
      (flags.includes('task') ? 0.3 : 0) +
      (flags.includes('second-person') ? 0.2 : 0) +
      (flags.includes('user') ? 0.2 : 0) +
      (flags.includes('hidden') ? 0.5 : 0)
    return Math.max(most, mood < 0.5 ? 0 : mood * Math.min(1, addressed))
  }, 0)
}
