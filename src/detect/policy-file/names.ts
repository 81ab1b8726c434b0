/** How the policy file names things: exactly, or with `*` for any run of characters. Case counts, as it does in MCP. */

/** Linear in the text for any pattern: names come from servers, and a server must not be able to slow us down. */
export function matches(pattern: string, name: string): boolean {
  let p = 0
  let star = -1
  let resume = 0
  for (let n = 0; n < name.length; ) {
    if (pattern[p] === '*') {
      star = p++
      resume = n
    } else if (p < pattern.length && pattern[p] === name[n]) {
      p++
      n++
    } else if (star >= 0) {
      p = star + 1
      n = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** Whether the name fits; an absent pattern fits every name. */
export const fits = (pattern: string | undefined, name: string): boolean =>
  pattern === undefined || matches(pattern, name.slice(0, 512))
