import type { Mutant } from './mutant.ts'
import { OF_BATCH } from './of-batch.ts'
import { OF_ELEMENTS } from './of-elements.ts'
import { OF_ERRORS } from './of-errors.ts'
import { OF_FILES } from './of-files.ts'
import { OF_FILTER } from './of-filter.ts'
import { OF_INPUT } from './of-input.ts'
import { OF_INSTANCES } from './of-instances.ts'
import { OF_LEAKS } from './of-leaks.ts'
import { OF_LIFECYCLE } from './of-lifecycle.ts'
import { OF_OUTAGE } from './of-outage.ts'
import { OF_OUTPUT } from './of-output.ts'
import { OF_PACKAGE } from './of-package.ts'
import { OF_REFUSAL } from './of-refusal.ts'
import { OF_SWAP } from './of-swap.ts'
import { OF_TRANSPORT } from './of-transport.ts'

export const MUTANTS: readonly Mutant[] = [
  ...OF_PACKAGE,
  ...OF_FILES,
  ...OF_LIFECYCLE,
  ...OF_INSTANCES,
  ...OF_ERRORS,
  ...OF_LEAKS,
  ...OF_INPUT,
  ...OF_ELEMENTS,
  ...OF_BATCH,
  ...OF_OUTPUT,
  ...OF_REFUSAL,
  ...OF_OUTAGE,
  ...OF_SWAP,
  ...OF_FILTER,
  ...OF_TRANSPORT,
]
