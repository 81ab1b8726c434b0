/** Does a person hand the decision to a text: "do what the ticket says"? A closed grammar over folded words, four languages. */
const acts =
  set(`do follow execute perform complete carry handle process obey implement finish comply apply act address tackle fulfil fulfill work
  resolve adjust update fix close following according per folge befolge erledige mache tue fuhre bearbeite suis suivez fais faites execute executez traite traitez
  sigue siga haz haga ejecuta ejecute realiza realice cumple`)
const things =
  set(`instruction instructions todo to-do todos direction directions step steps guidance guideline guidelines procedure checklist
  readme guide manual docs documentation ticket tickets issue bug case request complaint anweisung anweisungen anleitung anfrage demande solicitud aufgaben schritte consignes instructions etapes taches instrucciones pasos tareas indicaciones`)
/** Delegating only when they point away from the message: "all the tasks on my list". */
const lists = set('task tasks action actions request requests item items list points')
const accordingly = set('accordingly entsprechend demgemass consequence consecuencia')
const asSaid =
  set(`described instructed stated requested specified written told asked listed outlined mentioned noted beschrieben angegeben
  verlangt decrit indique demande descrito indicado pide`)
const says = set(
  `says say said asks ask wants want tells tell needs requires suggests contains steht sagt will verlangt dit demande dice pide`,
)

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
    if (
      word === 'what' ||
      word === 'whatever' ||
      word === 'everything' ||
      word === 'was' ||
      word === 'que' ||
      word === 'lo'
    )
      return near(at, 6, (next) => says.has(next)) && words.some((other) => acts.has(other))
    if (!acts.has(word)) return false
    const span = words.slice(at + 1, at + 8)
    // "Perform the following tasks: 1. …" lists them here.
    if (
      span.includes('following') ||
      span.includes('folgenden') ||
      span.includes('suivantes') ||
      span.includes('siguientes')
    )
      return false
    if (span.some((next) => things.has(next))) return true
    return span.some((next) => lists.has(next)) && near(at, 16, (next) => locators.has(next))
  })
}

const locators = set('in on at from of auf in aus dans sur en de')
