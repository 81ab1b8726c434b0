/** Who asks, and what they may do. */
export const accountRoles = ['viewer', 'analyst', 'admin'] as const
export type AccountRole = (typeof accountRoles)[number]

export interface Person {
  /** Stable: `key:1a2b3c4d`, `oidc:SUBJECT`, or `local` where there are no accounts. */
  readonly id: string
  /** As it stands in the history of what was done. */
  readonly name: string
  readonly role: AccountRole
  /** `undefined` is all tenants. */
  readonly tenant: string | undefined
  readonly by: 'person' | 'api_key'
}

/** Whoever reaches a console without accounts: it listens to this machine alone. */
export const localPerson: Person = { id: 'local', name: 'local', role: 'admin', tenant: undefined, by: 'person' }

/** Each role may do what those before it may. */
export const isAtLeast = (person: Person, role: AccountRole): boolean =>
  accountRoles.indexOf(person.role) >= accountRoles.indexOf(role)

export const sees = (person: Person, tenant: string): boolean => person.tenant === undefined || person.tenant === tenant
