import { expect, test } from 'vitest'
import { permanent, retryable } from '@smart-gateway/sdk'
import { asError, GatewayError, reasonOf, retryAfterOf } from './errors.ts'

test('a reason is one line with the causes behind it, each said once', () => {
  const cause = new Error('connect ECONNREFUSED\n  127.0.0.1:5672')
  const error = new GatewayError('SG_OPEN_FAILED', 'bus could not open', {
    cause: new Error(cause.message, { cause }),
  })
  expect(reasonOf(error)).toBe('bus could not open: connect ECONNREFUSED 127.0.0.1:5672')
  expect(error.hint).toContain('tries again')
})

test('a reason is there whatever was thrown', () => {
  expect(reasonOf('text')).toBe('text')
  expect(reasonOf(undefined)).toBe('undefined was thrown instead of an error')
  expect(reasonOf(Object.create(null))).toBe('object was thrown instead of an error')
  expect(reasonOf(new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')]))).toBe(
    'refused ::1, refused 127.0.0.1',
  )
  expect(reasonOf(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe('ECONNRESET')
  expect(reasonOf(new Error('x'.repeat(10_000)))).toHaveLength(500)
})

test('causes that go in a circle end', () => {
  const error = new Error('a')
  error.cause = error
  expect(reasonOf(error)).toBe('a')
  expect(retryAfterOf(error)).toBe(0)
})

test('the wait that a peer asked for is found behind what wraps it, nonsense is none', () => {
  const cause = retryable('busy', { retryAfter: 1500 })
  expect(retryAfterOf(new GatewayError('SG_OPEN_FAILED', 'x', { cause }))).toBe(1500)
  for (const none of [
    undefined,
    'text',
    permanent('no'),
    { retryAfter: Number.NaN },
    { retryAfter: -1 },
    { retryAfter: '5' },
  ])
    expect(retryAfterOf(none)).toBe(0)
})

test('an error is known by its shape', () => {
  const shaped = { message: 'no', retryable: false }
  expect(asError(shaped)).toBe(shaped)
  expect(asError(5).message).toBe('number was thrown instead of an error')
})
