/** Words that carry grammar, not content. Never hashed; they also tell the language of a sentence. */
const english = `
a an the this that these those some any each every all both no not nor or and but if then else when where while as at by for from in into of
off on onto out over to up with within without about after before again once here there than so too very can could may might must shall
should will would do does did done be is are was were been being am have has had having i me my mine we us our ours you your yours he him
his she her hers it its they them their theirs who whom whose which what why how also just only even still yet please thanks thank kindly
hi hello dear now let lets ok yes etc eg ie via per more most less least such own same other another like
`
/** German, French, Spanish. */
const foreign = `
der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine mit von vom zu zum zur im in am an auf aus bei nach
fur uber unter vor durch gegen ohne um ist sind war waren sein hat haben hatte wird werden wurde kann konnen muss mussen soll sollen ich du
er sie es wir ihr mich dich ihn uns euch ihnen mein dein ihre ihren ihrem unser auch nur noch schon bitte danke als wie wenn dann dass
le la les un une des du de et ou mais ne pas que qui quoi dont ce cet cette ces dans sur sous par pour avec sans est sont etait etre avoir a
ai as ont je tu il elle nous vous ils elles mon ma mes ton ta tes son sa ses notre votre leur leurs y en se si plus moins merci aux au
el los las una unos unas y o pero no del al con sin por para es son era ser esta estan ha han he yo tu ella nosotros usted ustedes ellos mi mis
su sus nuestro este esta estos estas ese esa eso lo gracias favor muy mas menos como cuando donde
`
const setOf = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/).filter((word) => word !== ''))
const englishSet = setOf(english)
const foreignSet = setOf(foreign)

const all: ReadonlySet<string> = new Set([...englishSet, ...foreignSet])
const longestStopWord = Math.max(...Array.from(all, (word) => word.length))

export const isStopWord = (folded: string): boolean =>
  folded.length < 2 || (folded.length <= longestStopWord && all.has(folded))

/** By its little words: English, another language that we have lists for or without any little words, or too mixed to say. */
export function languageOf(words: readonly string[]): 'english' | 'other' {
  let english = 0
  let other = 0
  for (const word of words) {
    if (englishSet.has(word)) english++
    if (foreignSet.has(word)) other++
  }
  return other > english || english === 0 ? 'other' : 'english'
}
