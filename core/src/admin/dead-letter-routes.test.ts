import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { DeadLetters } from '../dead-letters/dead-letters.ts'
import type { Letter } from '../dead-letters/letter.ts'
import { guardOf } from './guard.ts'
import { Replay } from '../dead-letters/replay.ts'
import { deadMessage, openStore } from '../testing/dead-letter-store.ts'
import { scratch } from '../testing/scratch.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'

const TOKEN = 'a token of some length'

interface Asked {
  readonly status: number
  readonly answer: Record<string, unknown>
}

function api(
  letters: DeadLetters | undefined,
  given: { readonly token?: string | undefined; readonly authorization?: string } = {},
) {
  const { token, authorization } = { token: TOKEN, authorization: `Bearer ${TOKEN}`, ...given }
  const replayed: Letter[] = []
  const replay =
    letters &&
    new Replay(letters, async (letter) => {
      if (letter.body.includes('bad')) throw new Error('still bad')
      replayed.push(letter)
    })
  const app = new Hono().route(
    '/api/v1/dead-letters',
    deadLetterRoutes({
      letters: async () => letters,
      replay: async () => replay,
      guard: guardOf(() => token),
    }),
  )
  const fetched = (method: string, path: string, body?: unknown) =>
    app.request(`/api/v1/dead-letters${path}`, {
      method,
      headers: { authorization },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const ask = async (method: string, path: string, body?: unknown): Promise<Asked> => {
    const response = await fetched(method, path, body)
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
  }
  return { ask, fetched, replayed }
}

test('letters are listed page by page, with what the store holds', async () => {
  const letters = await openStore(scratch())
  const { ask } = api(letters)
  expect(await ask('GET', '')).toMatchObject({ status: 200, answer: { letters: [], more: false } })
  await letters.add([deadMessage('one'), deadMessage('two', { instance: 'logs' }), deadMessage('three')])
  const { answer } = await ask('GET', '?limit=2')
  expect(answer).toMatchObject({
    letters: [
      { id: 3, kind: 'message', instance: 'collectd', generation: 1, reason: 'not JSON', bytes: 5 },
      { id: 2 },
    ],
    more: true,
    store: { letters: 3, maxBytes: 64 * 1024 * 1024, whenFull: 'dropOldest' },
  })
  const [{ time }] = answer['letters'] as [{ time: string }]
  expect(new Date(time).toISOString()).toBe(time)
  expect((await ask('GET', '?limit=2&after=2')).answer).toMatchObject({ letters: [{ id: 1 }], more: false })
  expect((await ask('GET', '?instance=logs')).answer).toMatchObject({ letters: [{ id: 2 }] })
  expect((await ask('GET', '?kind=record')).answer).toMatchObject({ letters: [] })
})

test('a letter is shown as text or else in base64, cut where it is long; its bytes are served as they are', async () => {
  const letters = await openStore(scratch())
  const { ask, fetched } = api(letters)
  const long = 'ü'.repeat(50_000)
  const message = { body: Buffer.from('{"a":1}'), headers: { big: 2n ** 60n } }
  await letters.add([
    deadMessage('', { message }),
    deadMessage(Buffer.from([0xff, 1])),
    deadMessage(`x${long}`),
  ])
  expect(await (await fetched('GET', '/1')).text()).toContain('"headers":{"big":1152921504606846976}')
  expect((await ask('GET', '/1')).answer).toMatchObject({ id: 1, text: '{"a":1}', truncated: false })
  expect((await ask('GET', '/2')).answer).toMatchObject({ base64: '/wE=', truncated: false })
  expect((await ask('GET', '/3')).answer).toMatchObject({ text: `x${'ü'.repeat(32_767)}`, truncated: true })
  const body = await fetched('GET', '/2/body')
  expect(body.headers.get('content-type')).toBe('application/octet-stream')
  expect(body.headers.get('x-content-type-options')).toBe('nosniff')
  expect(Buffer.from(await body.arrayBuffer())).toEqual(Buffer.from([0xff, 1]))
})

test('letters are replayed and dropped, one or some', async () => {
  const letters = await openStore(scratch())
  const { ask, replayed } = api(letters)
  await letters.add(['1', '2', 'bad', '4', '5', '6'].map((body) => deadMessage(body)))
  expect((await ask('POST', '/1/replay')).answer).toMatchObject({ replayed: 1, failed: 0 })
  expect((await ask('POST', '/replay', { ids: [2, 3] })).answer).toMatchObject({
    replayed: 1,
    failures: [{ id: 3, reason: 'still bad' }],
  })
  expect(replayed.map(({ id }) => id)).toEqual([1, 2])
  expect((await ask('DELETE', '/4')).answer).toEqual({ dropped: 1 })
  expect((await ask('DELETE', '/4')).status).toBe(404)
  expect((await ask('POST', '/drop', { ids: [5] })).answer).toEqual({ dropped: 1 })
  expect((await ask('POST', '/drop', { all: true, instance: 'logs' })).answer).toEqual({ dropped: 0 })
  expect((await ask('POST', '/drop', { all: true })).answer).toEqual({ dropped: 2 })
})

test('reading needs no token here; a change does, and without a configured one there is none', async () => {
  const letters = await openStore(scratch())
  await letters.add([deadMessage('one')])
  const changes = [
    ['DELETE', '/1'],
    ['POST', '/1/replay'],
    ['POST', '/drop'],
    ['POST', '/replay'],
  ] as const
  const wrong = api(letters, { authorization: 'Bearer wrong' })
  const none = api(letters, { token: undefined, authorization: 'Bearer undefined' })
  for (const [method, path] of changes) {
    expect((await wrong.ask(method, path, { all: true })).status).toBe(401)
    const { status, answer } = await none.ask(method, path, { all: true })
    expect(status).toBe(403)
    expect(answer['error']).toContain('set gateway.admin.token in startup.yaml')
  }
  expect((await wrong.ask('GET', '/1')).status).toBe(200)
  expect((await none.ask('GET', '')).status).toBe(200)
  expect(letters.counts.letters).toBe(1)
})

test('what cannot be understood changes nothing and is answered with what would be right', async () => {
  const letters = await openStore(scratch())
  await letters.add([deadMessage('one')])
  const { ask } = api(letters)
  const bad: unknown[] = [
    '',
    'no json',
    'null',
    [],
    {},
    { all: false },
    { all: 'yes' },
    { ids: '1' },
    { ids: [1.5] },
    { ids: ['1'] },
    { all: true, ids: [1] },
    { ids: [1], instance: 'collectd' },
    { all: true, instance: 1 },
    { all: true, kind: 'other' },
  ]
  for (const body of bad) {
    expect((await ask('POST', '/drop', body)).status, JSON.stringify(body)).toBe(400)
    expect((await ask('POST', '/replay', body)).status, JSON.stringify(body)).toBe(400)
  }
  for (const query of ['?limit=0', '?limit=x', '?limit=-1', '?after=1.5', '?kind=x'])
    expect((await ask('GET', query)).status).toBe(400)
  for (const id of ['2', '0', 'x', '1e0', '99999999999999999999'])
    expect((await ask('GET', `/${id}`)).status).toBe(404)
  expect((await ask('POST', '/drop', { ids: Array.from({ length: 50_000 }, (_, i) => i) })).status).toBe(413)
  expect(letters.counts.letters).toBe(1)
})

test('without a store, or when it is closed, the answer says so', async () => {
  expect(await api(undefined).ask('GET', '')).toMatchObject({
    status: 503,
    answer: { error: expect.stringContaining('no dead letter store') as string },
  })
  const letters = await openStore(scratch())
  await letters.close()
  expect(await api(letters).ask('GET', '')).toEqual({
    status: 500,
    answer: { error: 'their store is closed' },
  })
})
