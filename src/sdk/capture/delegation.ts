/** Does a person hand the decision to a text: "do what the ticket says"? A closed grammar over folded words, four languages. */
const acts =
  set(`do follow execute perform complete carry handle process obey implement finish comply apply act address tackle fulfil fulfill work
  resolve adjust update fix close following according per care deal attend run act see
  folge befolge erledige mache mach tue tu fuhre bearbeite kummere arbeite setze befolgen erledigen umsetzen
  suis suivez fais faites execute executez traite traitez occupe occupez applique appliquez
  sigue siga haz haga ejecuta ejecute realiza realice cumple cumpla encargate atiende aplica`)
const things =
  set(`instruction instructions todo to-do todos direction directions step steps guidance guideline guidelines procedure checklist
  readme guide manual docs documentation ticket tickets issue bug case request complaint routine playbook runbook recipe plan workflow
  anweisung anweisungen anleitung anfrage aufgaben schritte schritten ablauf plan
  demande consignes etapes taches procedure mode
  solicitud instrucciones pasos tareas indicaciones rutina plan`)
/** Delegating only when they point away from the message: "all the tasks on my list". */
const lists = set(
  'task tasks action actions request requests item items list points aufgabe punkte liste liste lista puntos',
)
const accordingly = set('accordingly entsprechend demgemass consequence consecuencia')
const asSaid =
  set(`described instructed stated requested specified written told asked listed outlined mentioned noted said beschrieben angegeben
  verlangt gesagt steht stehen decrit indique demande dit descrito indicado pide dice`)
/** "What" the text says is to be done; "everything that is asked for". */
const whatever = set('what whatever everything anything all that was alles que qui lo todo tout')
const says =
  set(`says say said asks ask asked wants want tells tell told needs requires required requests requested suggests contains stands written
  listed described steht stehen sagt will verlangt gefordert dit disent demande demandent demandes dice dicen pide piden indica indican`)
const locators = set('in on at from of auf in aus dans sur en de')
/** "Perform the following tasks: 1. …" lists them here. */
const here = set('following folgenden folgende suivantes suivants siguientes')

function set(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/))
}

/** `words`: folded words of the message in order. */
export function delegates(words: readonly string[]): boolean {
  const near = (at: number, reach: number, test: (word: string) => boolean): boolean =>
    words.slice(at + 1, at + 1 + reach).some(test)
  return words.some((word, at) => {
    if (accordingly.has(word)) return true
    if (word === 'as' || word === 'wie' || word === 'comme' || word === 'como')
      return near(at, 3, (next) => asSaid.has(next))
    // The deed stands before it: "do what it says". In "what do people say" it stands behind, and that is a question.
    if (whatever.has(word) && words.slice(Math.max(0, at - 4), at).some((before) => acts.has(before)))
      if (!acts.has(words[at + 1] ?? '') && near(at, 6, (next) => says.has(next))) return true
    if (!acts.has(word)) return false
    const span = words.slice(at + 1, at + 8)
    if (span.some((next) => here.has(next))) return false
    if (span.some((next) => things.has(next))) return true
    return span.some((next) => lists.has(next)) && near(at, 16, (next) => locators.has(next))
  })
}
