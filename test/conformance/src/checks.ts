import type { Check } from './check.ts'
import { BATCH } from './families/batch.ts'
import { ELEMENTS } from './families/elements.ts'
import { ERRORS } from './families/errors.ts'
import { FILES } from './families/files.ts'
import { FILTER } from './families/filter.ts'
import { FLUSH } from './families/flush.ts'
import { GROWTH } from './families/growth.ts'
import { IDS } from './families/ids.ts'
import { INPUT } from './families/input.ts'
import { INSTANCES } from './families/instances.ts'
import { ISOLATION } from './families/isolation.ts'
import { LEAKS } from './families/leaks.ts'
import { LIFECYCLE } from './families/lifecycle.ts'
import { MEMORY } from './families/memory.ts'
import { OPENING } from './families/opening.ts'
import { OPTIONS } from './families/options.ts'
import { OUTAGE } from './families/outage.ts'
import { OUTPUT } from './families/output.ts'
import { PACKAGE } from './families/package.ts'
import { PERFORMANCE } from './families/performance.ts'
import { REFUSAL } from './families/refusal.ts'
import { REHEARSAL } from './families/rehearsal.ts'
import { RESTRAINT } from './families/restraint.ts'
import { SETTLING } from './families/settling.ts'
import { SOURCE_FATES } from './families/source-fates.ts'
import { SOURCE } from './families/source.ts'
import { STRAYS } from './families/strays.ts'
import { SUBSCRIPTIONS } from './families/subscriptions.ts'
import { SWAP_SUBSCRIPTION } from './families/swap-subscription.ts'
import { SWAP_STATE } from './families/swap-state.ts'
import { SWAP } from './families/swap.ts'
import { TRANSPORT } from './families/transport.ts'

/** Every check that there is, in the order in which they run. */
export const CHECKS: readonly Check[] = [
  ...PACKAGE,
  ...OPTIONS,
  ...FILES,
  ...LIFECYCLE,
  ...INSTANCES,
  ...OPENING,
  ...INPUT,
  ...IDS,
  ...ELEMENTS,
  ...GROWTH,
  ...SOURCE,
  ...SOURCE_FATES,
  ...BATCH,
  ...OUTPUT,
  ...REHEARSAL,
  ...REFUSAL,
  ...OUTAGE,
  ...FLUSH,
  ...FILTER,
  ...RESTRAINT,
  ...MEMORY,
  ...TRANSPORT,
  ...SETTLING,
  ...SUBSCRIPTIONS,
  ...ERRORS,
  ...SWAP,
  ...SWAP_SUBSCRIPTION,
  ...SWAP_STATE,
  ...ISOLATION,
  ...LEAKS,
  ...PERFORMANCE,
  ...STRAYS,
]
