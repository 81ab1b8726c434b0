/** Paths of the checkout, from compiled tests (`dist/test/…`). */
import { fileURLToPath } from 'node:url'

const root = new URL('../../../', import.meta.url)

/** The absolute path of a file named from the top of the checkout. */
export const fromRoot = (path: string): string => fileURLToPath(new URL(path, root))
