import { expect, test } from 'vitest'
import { emptyState, isState } from './state.ts'

test.each([
  undefined,
  null,
  7,
  {},
  { version: 1 },
  { ...emptyState(), version: 2 },
  { ...emptyState(), families: 7 },
])('%j is no state that can be gone on from', (value) => expect(isState(value)).toBe(false))

test('a state that crossed from another thread is one', () => {
  expect(isState(structuredClone(emptyState()))).toBe(true)
})
