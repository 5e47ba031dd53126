import { expect, test } from 'vitest'
import type { Answer } from './answer.ts'
import { judge } from './verdict.ts'

const URL = 'http://127.0.0.1:9093'
const judged = (status: number, body = '', more: Partial<Answer> = {}) =>
  judge(URL, { status, body, location: undefined, retryAfterMs: undefined, ...more })

test.for(['', '\n', '{"status":"success"}'])('200 with %j is accepted', (body) => {
  expect(judged(200, body)).toEqual({ kind: 'accepted' })
})

test.for([
  [
    '<!DOCTYPE html>\n<title>Log in</title>',
    'with what is not its own: <!DOCTYPE html> <title>Log in</title>',
  ],
  ['{"status":"error","errorType":"bad_data","error":"no"}', 'with an error inside: no'],
  ['{"status":"error"}', 'with an error inside: {"status":"error"}'],
  ['{"code":500,"message":"boom"}', 'with an error inside: boom'],
  ['"no such label"', 'with an error inside: no such label'],
  ['OK', 'with what is not its own: OK'],
  ['{}', 'with what is not its own: {}'],
] as const)('200 with %j is not accepted', ([body, what]) => {
  expect(judged(200, body)).toMatchObject({
    kind: 'failed',
    error: { retryable: true, message: expect.stringContaining(`${URL} answers 200 ${what}`) },
  })
})

test.for([
  [400, '"invalid label set: invalid name \\"a-b\\""', 'invalid label set: invalid name "a-b"'],
  [422, '{"code":601,"message":"0.generatorURL in body must be of type uri"}', 'must be of type uri'],
  [413, '<html>Request Entity Too Large</html>', 'Too Large'],
] as const)('%i in the form that says so is a refusal, with the reason', ([status, body, reason]) => {
  expect(judged(status, body)).toMatchObject({
    kind: 'refused',
    error: { retryable: false, code: `HTTP_${status}`, message: expect.stringContaining(reason) },
  })
})

test.for([
  [400, 'Bad Request: malformed Host header', 'HTTP 400: Bad Request'],
  [401, '', 'Check "username" and "password", or "token"'],
  [403, 'no', 'Check "username" and "password", or "token"'],
  [404, '404 page not found', 'without /api/v2/alerts'],
  [405, '', 'Is that Alertmanager?'],
  [429, '', 'HTTP 429'],
  [500, '"disk full"', 'HTTP 500: disk full'],
  [502, '<html><h1>Bad Gateway</h1>', 'HTTP 502: <html><h1>Bad Gateway'],
] as const)('%i is a failure that may pass', ([status, body, words]) => {
  expect(judged(status, body)).toMatchObject({
    kind: 'failed',
    error: { retryable: true, code: `HTTP_${status}`, message: expect.stringContaining(words) },
  })
})

test('a redirect is followed nowhere, and its target is shown without what may be secret', () => {
  const location = 'https://user:secret@login.example/start?token=secret#secret'
  const verdict = judged(302, '', { location })
  expect(verdict).toMatchObject({ kind: 'failed', error: { retryable: true } })
  expect(JSON.stringify((verdict as { error: Error }).error.message)).toContain(
    'https://login.example/start. ',
  )
  expect((verdict as { error: Error }).error.message).not.toContain('secret')
  expect(judged(301)).toMatchObject({ error: { message: expect.stringContaining('to nowhere') } })
})

test('what the answer asks to wait is handed on, a long answer is not', () => {
  expect(judged(503, 'x'.repeat(16_000), { retryAfterMs: 7000 })).toMatchObject({
    error: { retryAfter: 7000, message: expect.stringMatching(/^.{200,280}$/) },
  })
})
