import { expect, test } from 'vitest'
import { closedAfterwards } from '../testing/cleanup.ts'
import { ns, push } from '../testing/push.ts'
import { request } from '../testing/request.ts'
import { startLoki } from './index.ts'
import type { Loki } from './index.ts'

const closed = closedAfterwards()
const query = (loki: Loki, query: string, more: Record<string, string> = {}) =>
  request(`${loki.url}/loki/api/v1/query_range?${new URLSearchParams({ query, ...more })}`)

async function filled(): Promise<{ loki: Loki; times: string[] }> {
  const loki = closed(await startLoki())
  const times = [ns(-3), ns(-2), ns(-1)]
  await push(loki, {
    streams: [
      {
        stream: { app: 'one', host: 'a' },
        values: [
          [times[0], '1'],
          [times[2], '3', { trace: 't' }],
        ],
      },
      { stream: { app: 'two', host: 'a' }, values: [[times[1], '2']] },
    ],
  })
  return { loki, times }
}

interface Found {
  readonly data: {
    readonly result: readonly { readonly stream: object; readonly values: readonly [string, string][] }[]
  }
}

test('a selector finds streams, the newest line first, with metadata among the labels', async () => {
  const { loki, times } = await filled()
  const reply = await query(loki, '{app="one"}')
  expect(reply.json()).toEqual({
    status: 'success',
    data: {
      resultType: 'streams',
      result: [
        { stream: { app: 'one', host: 'a', trace: 't' }, values: [[times[2], '3']] },
        { stream: { app: 'one', host: 'a' }, values: [[times[0], '1']] },
      ],
      stats: {},
    },
  })
})

test.each([
  ['{host="a", app!="one"}', {}, ['2']],
  ['{app=~"t.o|x"}', {}, ['2']],
  ['{host="a",app!~"t.*"}', { direction: 'forward' }, ['1', '3']],
  ['{host=`a`}', { limit: '1' }, ['3']],
  ['{host="b"}', {}, []],
])('%s with %j finds %j', async (selector, more, lines) => {
  const { loki } = await filled()
  const { data } = (await query(loki, selector, more)).json<Found>()
  expect(data.result.flatMap(({ values }) => values.map(([, line]) => line))).toEqual(lines)
})

test.each(['{}', '{app!="x"}', '{app=~".*"}', '{app="one"', 'app', '{app="one"} |= "x"', '{app=one}'])(
  'the query %s is refused',
  async (text) => {
    const { loki } = await filled()
    const reply = await query(loki, text)
    expect([reply.status, reply.text]).toEqual([400, expect.stringMatching(/^parse error/)])
  },
)

test('start and end bound a query', async () => {
  const { loki, times } = await filled()
  const { data } = (
    await query(loki, '{host="a"}', { start: times[1] ?? '', end: times[2] ?? '' })
  ).json<Found>()
  expect(data.result.map(({ values }) => values)).toEqual([[[times[1], '2']]])
})

test('label names and values are listed', async () => {
  const { loki } = await filled()
  const names = await request(`${loki.url}/loki/api/v1/labels`)
  expect(names.json()).toEqual({ status: 'success', data: ['app', 'host'] })
  const values = await request(`${loki.url}/loki/api/v1/label/app/values`)
  expect(values.json()).toEqual({ status: 'success', data: ['one', 'two'] })
})
