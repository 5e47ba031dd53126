import type { Check } from './check.ts'
import { ERRORS } from './families/errors.ts'
import { FILTER } from './families/filter.ts'
import { INPUT } from './families/input.ts'
import { ISOLATION } from './families/isolation.ts'
import { LEAKS } from './families/leaks.ts'
import { LIFECYCLE } from './families/lifecycle.ts'
import { OPENING } from './families/opening.ts'
import { OPTIONS } from './families/options.ts'
import { OUTPUT } from './families/output.ts'
import { PACKAGE } from './families/package.ts'
import { PERFORMANCE } from './families/performance.ts'
import { SETTLING } from './families/settling.ts'
import { SOURCE_FATES } from './families/source-fates.ts'
import { SOURCE } from './families/source.ts'
import { SWAP_SUBSCRIPTION } from './families/swap-subscription.ts'
import { SWAP_STATE } from './families/swap-state.ts'
import { SWAP } from './families/swap.ts'
import { TRANSPORT } from './families/transport.ts'

/** Every check that there is, in the order in which they run. */
export const CHECKS: readonly Check[] = [
  ...PACKAGE,
  ...OPTIONS,
  ...LIFECYCLE,
  ...OPENING,
  ...INPUT,
  ...SOURCE,
  ...SOURCE_FATES,
  ...OUTPUT,
  ...FILTER,
  ...TRANSPORT,
  ...SETTLING,
  ...ERRORS,
  ...SWAP,
  ...SWAP_SUBSCRIPTION,
  ...SWAP_STATE,
  ...ISOLATION,
  ...LEAKS,
  ...PERFORMANCE,
]
