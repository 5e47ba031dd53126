import { expect, test } from 'vitest'
import { raisedAlerts } from './raised.ts'

test('what was set counts at once, and stays only when it is committed', () => {
  const raised = raisedAlerts()
  raised.set('a', 'WARNING')
  expect(raised.get('a')).toBe('WARNING')
  raised.discard()
  expect(raised.get('a')).toBeUndefined()
  raised.set('a', 'WARNING')
  raised.commit()
  raised.set('a', undefined)
  expect(raised.get('a')).toBeUndefined()
  raised.discard()
  expect(raised.get('a')).toBe('WARNING')
})

test('of more than 10,000 those that were raised longest ago are forgotten', () => {
  const raised = raisedAlerts()
  for (let i = 0; i < 10_000; i += 1) raised.set(`${i}`, 'FAILURE')
  raised.commit()
  raised.set('0', 'FAILURE')
  raised.set('new', 'FAILURE')
  raised.commit()
  expect(['0', '1', '2', 'new'].map((identity) => raised.get(identity))).toEqual([
    'FAILURE',
    undefined,
    'FAILURE',
    'FAILURE',
  ])
})

test('its entries, cloned, are what another one goes on from; anything else is ignored', () => {
  const [one, other] = [raisedAlerts(), raisedAlerts()]
  one.set('a', 'WARNING')
  one.commit()
  for (const state of [structuredClone(one.entries()), undefined, 'x', [['b'], ['c', 1]]])
    other.restore(state)
  expect(other.entries()).toEqual([['a', 'WARNING']])
})
