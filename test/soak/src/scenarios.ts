import type { Scenario } from './scenario.ts'
import { swaps } from './scenarios/swaps.ts'

export const SCENARIOS: readonly Scenario[] = [swaps('inline'), swaps('worker')]
