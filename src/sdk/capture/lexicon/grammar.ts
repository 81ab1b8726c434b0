/** Closed classes of English words that the reading of a sentence's mood turns on. All folded. */
import { foreignAsks, foreignOpeners, wordsOf } from './index.js'

const set = (list: string): ReadonlySet<string> => new Set(wordsOf(list))

/** May stand before an imperative without changing it. */
export const openers =
  set(`then next also now first firstly second secondly third thirdly finally lastly just and so instead afterwards
  afterward immediately urgently meanwhile additionally furthermore moreover again simply quickly but or ok okay hey hi hello dear important note
  attention urgent asap todo to-do do always never lastly subsequently thereafter once therefore still ${foreignOpeners}`)

export const politeWords = set('please kindly pls plz')
export const negations = set(
  `not never don't dont cannot can't mustn't shouldn't without avoid nicht kein keine ne pas jamais nunca jamas`,
)

/** Who may be told to do something. */
export const secondPerson = set(
  `you your yours yourself u du dich dir dein deine deinen ihr euch sie ihnen tu te toi vous votre vos usted ustedes tu tus`,
)
export const assistantWords =
  set(`assistant agent ai model llm bot chatbot gpt chatgpt copilot claude gemini llama mistral system assistent agente
  modell modelo modele asistente`)
export const anyoneWords = set('we they someone somebody anyone everyone one team people i it he she')
export const userWords = set(
  'user users customer client owner nutzer benutzer kunde utilisateur client usuario cliente',
)

/** "must do", and how sure that is an order: an obligation, an offer, a forecast. */
export const modals: Readonly<Record<string, number>> = {
  must: 0.9,
  should: 0.85,
  shall: 0.85,
  could: 0.8,
  would: 0.7,
  can: 0.5,
  will: 0.5,
  may: 0.35,
  might: 0.25,
}

/** "…to do": what makes the infinitive after it an order. */
export const obliging =
  set(`need needs needed have has had ought required necessary needful essential crucial vital imperative important mandatory obliged supposed
  remember forget sure task step job goal duty mission instruction action aim instructed asked told requested ordered directed advised
  want wants like love appreciate helpful great nice good grateful wish responsible expected ask asks request requests urge urges require requires encourage invite invites order orders instruct instructs time remains left better best proceed please careful way is are`)
/** "the user chose to do": told as a fact, obeyed as an order. */
export const reporting =
  set(`chose chosen decided wanted wants wishes wished requested asked agreed plans planned intends intended prefers preferred
  opted elected authorized authorised approved instructed`)

/** After a verb they make it an imperative; after a noun they cannot stand. */
export const objectStarts =
  set(`the this that these those all any every each both some my your his her its our their me him it them us a an another
  everything everyone whatever following
  der die das den dem ein eine einen einem alle alles jeden jede dein deine deinen ihr ihre ihren unser unsere meine meinen
  le la les l un une des du tous toutes tout ce cet cette ces ton ta tes votre vos
  el los las uno unos unas todo todos todas este esta ese esa tu su sus al`)
/** After a word they make it a noun: "transfer of", "order is". */
export const nounSigns = set("is are was were has had of by am isn't wasn't does did will would")
/** Begin a clause before the main one: "if you can, send …". */
export const subordinators =
  set(`if when before after once while as since because unless until to in for upon during given whenever
  wenn falls bevor nachdem sobald um si quand avant apres pour lorsque si cuando antes despues para`)
/** Look like an unknown verb at the start of a sentence and are none. */
export const notVerbs =
  set(`today yesterday tomorrow tonight perhaps maybe besides despite although though because since until unless during
  half twice hence thus here there even not no yes what which who whose where why how whether either neither than like unlike per via except
  plus minus about above below under over near beside between among against across along around behind beyond inside outside through
  throughout toward towards upon within without whereas whereby overall only all both each every some any most many few several such same other`)

/** Words of order and urgency that an order to a machine often carries; support, never proof. */
export const taskWords =
  set(`task tasks instruction instructions todo to-do step steps urgent urgently immediately important attention priority first before
  ignore disregard override previous prior earlier instead must mandatory required critical asap aufgabe anweisung wichtig sofort zuerst
  tache instruction important immediatement d'abord tarea instruccion importante inmediatamente primero antes`)

export const foreignAskWords = set(foreignAsks)
