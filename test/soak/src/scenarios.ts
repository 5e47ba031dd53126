import type { Scenario } from './scenario.ts'
import { edits } from './scenarios/edits.ts'
import { memory } from './scenarios/memory.ts'
import { scrapes } from './scenarios/scrapes.ts'
import { swaps } from './scenarios/swaps.ts'

export const SCENARIOS: readonly Scenario[] = [
  swaps('inline'),
  swaps('worker'),
  scrapes,
  edits,
  memory('inline'),
  memory('worker'),
]
