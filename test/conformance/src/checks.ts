import type { Check } from './check.ts'
import { LEAKS } from './families/leaks.ts'
import { LIFECYCLE } from './families/lifecycle.ts'
import { OPTIONS } from './families/options.ts'
import { PACKAGE } from './families/package.ts'

/** Every check that there is, in the order in which they run. */
export const CHECKS: readonly Check[] = [...PACKAGE, ...OPTIONS, ...LIFECYCLE, ...LEAKS]
