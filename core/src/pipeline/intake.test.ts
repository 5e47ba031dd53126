import { setImmediate as turn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { decodeEach } from './decode-each.ts'
import { Sink } from './sink.ts'
import { Source } from './source.ts'
import { permanent, retryable } from '@smart-gateway/sdk'
import { bench, decodeNumbers, edge, fates, numbers, routeAll, write } from '../testing/intake-bench.ts'
import { line, range, SERIES } from '../testing/records.ts'

test('a message is acknowledged when every required output has accepted all its records, and not before', async () => {
  const { intake } = bench(decodeNumbers)
  const [a, b, c] = [edge('a'), edge('b'), edge('c', false)] as const
  intake.setRoute(routeAll(a, b, c))
  const [fate] = [fates([intake.deliver(numbers(1, 2, 3))])]
  await turn()
  write(a)
  await turn()
  expect([fate, intake.inFlight]).toEqual([['none'], 1])
  write(b)
  await turn()
  expect([fate, intake.inFlight]).toEqual([['settled'], 0])
  expect(intake.counts).toMatchObject({ received: 1, settled: 1, records: 3 })
})

test('a message that is given back is lost where its source cannot send it again, and has a column of its own', async () => {
  const { intake } = bench(decodeNumbers)
  intake.setRoute(routeAll(edge('a')))
  intake.setDecoder(undefined)
  const known = fates([intake.deliver(numbers(1)), intake.deliver({ ...numbers(2), lastTry: true })])
  intake.returnWaiting(retryable('stopping'))
  await turn()
  expect(known).toEqual(['stopping', 'stopping'])
  expect(intake.counts).toMatchObject({ received: 2, returned: 1, dropped: 1 })
  expect(intake.unaccounted).toBe(0)
})

test('a message that decodes to nothing is settled, and has a column of its own', async () => {
  const { intake } = bench(decodeNumbers)
  intake.setRoute(routeAll(edge('a', false)))
  await Promise.all([intake.deliver(numbers()), intake.deliver(numbers(1))])
  expect(intake.counts).toMatchObject({ received: 2, settled: 2, empty: 1 })
})

test('an optional output never holds a message', async () => {
  const { intake } = bench(decodeNumbers)
  const optional = edge('c', false, 100)
  intake.setRoute(routeAll(optional))
  for (let i = 0; i < 100; i++) await intake.deliver(numbers(i))
  expect(intake.full).toBe(false)
  const { routed, dropped } = optional.queue.ledger.total
  expect([routed, routed - dropped - optional.queue.walk().records]).toEqual([100, 0])
})

test('a message that one output refuses for good is refused, after the others have their say', async () => {
  const { intake } = bench(decodeNumbers)
  const [a, b] = [edge('a'), edge('b')] as const
  intake.setRoute(routeAll(a, b))
  const known = fates([intake.deliver(numbers(1)), intake.deliver(numbers(2))])
  await turn()
  write(a, permanent('mapping'))
  await turn()
  expect(known).toEqual(['none', 'none'])
  write(b)
  await turn()
  // Its peer learns that, and not the words that the store had for us.
  const refused = "a store refused its records for good; the gateway's log says why"
  expect(known).toEqual([refused, refused])
  expect(intake.counts).toMatchObject({ received: 2, refused: 2, settled: 0, returned: 0 })
})

test('when a source can send no more, the queues that hold what it waits for are told so', async () => {
  const { intake } = bench(decodeNumbers)
  const a = edge('a')
  intake.setRoute(routeAll(a))
  intake.setCredit(2)
  void intake.deliver(numbers(1))
  await turn()
  expect(a.queue.awaited).toBe(false)
  void intake.deliver(numbers(2))
  await turn()
  expect(a.queue.awaited).toBe(true)
  write(a)
  await turn()
  void intake.deliver(numbers(3))
  await turn()
  expect(a.queue.awaited).toBe(false)
})

test('signals go where they are taken, and what nobody takes is counted and settled', async () => {
  const { intake } = bench((_, out) => {
    out.sample(SERIES, 1, 0)
    out.log(line('a'))
    out.log(line('b'))
    out.event({ index: 'e', timeMs: 0, severity: 'info', publisher: 'x', labels: {}, annotations: {} })
  })
  const [metrics, logs] = [edge('metrics'), edge('logs')] as const
  intake.setRoute({ metric: [metrics], log: [logs], event: [] })
  const delivered = intake.deliver(numbers())
  await turn()
  expect([write(metrics), write(logs)]).toEqual([[1], ['a', 'b']])
  await delivered
  expect(intake.counts).toMatchObject({ records: 4, unrouted: 1, settled: 1 })
})

test('a message that yields nothing is acknowledged', async () => {
  const { intake } = bench(decodeNumbers)
  intake.setRoute(routeAll(edge('a')))
  await intake.deliver(numbers())
  expect(intake.counts).toMatchObject({ received: 1, settled: 1, records: 0 })
})

test('messages wait while there is no decoder or no route, and say so', async () => {
  const { intake } = bench()
  const a = edge('a')
  const known = fates([intake.deliver(numbers(1))])
  let rooms = 0
  void intake.room().then(() => rooms++)
  intake.setDecoder(decodeNumbers)
  await turn()
  expect([intake.full, rooms, known]).toEqual([true, 0, ['none']])
  intake.setRoute(routeAll(a))
  await turn()
  expect([intake.full, rooms, write(a)]).toEqual([false, 1, [1]])
  intake.setRoute(undefined)
  void intake.deliver(numbers(2))
  await turn()
  expect([intake.full, write(a)]).toEqual([true, []])
})

test('a full queue holds its input no longer than it is on the route, and the one that is full then holds it', async () => {
  const { intake } = bench(decodeNumbers)
  const [away, next, free] = [edge('away', true, 1), edge('next', true, 1), edge('free')] as const
  intake.setRoute(routeAll(away))
  void intake.deliver(numbers(1))
  await turn()
  let rooms = 0
  void intake.room().then(() => rooms++)
  await turn()
  expect([intake.full, rooms]).toEqual([true, 0])
  intake.setRoute(routeAll(free))
  await turn()
  expect([intake.full, rooms]).toEqual([false, 1])
  intake.setRoute(routeAll(next))
  void intake.deliver(numbers(2))
  await turn()
  void intake.room().then(() => rooms++)
  await turn()
  expect([intake.full, rooms]).toEqual([true, 1])
  write(next)
  await turn()
  expect([intake.full, rooms]).toEqual([false, 2])
})

test('a full required queue stops decoding; what waits goes on by itself once there is room', async () => {
  const { intake } = bench(decodeNumbers)
  const a = edge('a', true, 1000)
  intake.setRoute(routeAll(a))
  void intake.deliver(numbers(...range(0, 100)))
  await turn()
  expect(intake.full).toBe(true)
  const known = fates([intake.deliver(numbers(100))])
  let rooms = 0
  void intake.room().then(() => rooms++)
  await turn()
  expect([a.queue.ledger.total.routed, rooms]).toEqual([100, 0])
  write(a)
  await turn()
  expect([a.queue.ledger.total.routed, rooms, intake.full]).toEqual([101, 1, false])
  write(a)
  await turn()
  expect(known).toEqual(['settled'])
})

test('records that come without a message are counted by what they hold', async () => {
  const { intake } = bench()
  const a = edge('a')
  intake.setDecoder(decodeNumbers)
  intake.setRoute(routeAll(a))
  const text = 'x'.repeat(10_000)
  const event = { index: 'e', timeMs: 0, severity: 'info', publisher: 'x', labels: {} } as const
  void intake.emit((out) => out.log(line(text)))
  const circle: Record<string, unknown> = { nested: [{ text }] }
  circle['self'] = circle
  void intake.emit((out) => out.event({ ...event, annotations: { nested: [{ text }] } }))
  void intake.emit((out) => out.event({ ...event, annotations: circle }))
  void intake.deliver(numbers(1))
  await turn()
  expect(a.queue.bytes).toBeGreaterThan(30_000)
})

test('a queue that is off the route is let go of once it holds nothing that waits', async () => {
  const { intake } = bench(decodeNumbers)
  const [first, next] = [edge('first'), edge('next')] as const
  const asked = vi.spyOn(first.queue, 'owners')
  intake.setRoute(routeAll(first))
  const delivered = intake.deliver(numbers(1))
  await turn()
  intake.setRoute(routeAll(next))
  expect(intake.unaccounted).toBe(0)
  write(first)
  await delivered
  intake.setRoute(routeAll(next))
  asked.mockClear()
  expect([intake.unaccounted, asked.mock.calls]).toEqual([0, []])
})

test('with two full queues there is room when both have it, also when nothing is delivered meanwhile', async () => {
  const { intake } = bench(decodeNumbers)
  const [a, b] = [edge('a', true, 1000), edge('b', true, 1000)] as const
  intake.setRoute(routeAll(a, b))
  void intake.deliver(numbers(...range(0, 100)))
  await turn()
  let rooms = 0
  void intake.room().then(() => rooms++)
  write(a)
  await turn()
  expect([intake.full, rooms]).toEqual([true, 0])
  write(b)
  await turn()
  expect([intake.full, rooms]).toEqual([false, 1])
})

test('what was not decoded yet can be given back', async () => {
  const { intake } = bench()
  const delivered = intake.deliver(numbers(1))
  intake.returnWaiting(retryable('stopping'))
  await expect(delivered).rejects.toMatchObject({ message: 'stopping', retryable: true })
  await intake.idle()
  expect(intake.counts).toMatchObject({ received: 1, returned: 1 })
})

test("what a lost subscription brought and was not decoded yet is given back, and nobody else's", async () => {
  const { intake } = bench()
  const [lost, other] = [new Source(), new Source()]
  const known = fates([intake.deliver(numbers(1), lost), intake.deliver(numbers(2), other)])
  intake.returnWaiting(retryable('lost'), lost)
  await turn()
  expect(known).toEqual(['lost', 'none'])
  expect(intake.counts).toMatchObject({ received: 2, returned: 1 })
})

test('an input without a transport hands in what it makes', async () => {
  const { intake } = bench(() => {})
  const a = edge('a')
  intake.setRoute(routeAll(a))
  const known = fates([
    intake.emit((out) => out.sample(SERIES, 7, 0)),
    intake.emit(() => void JSON.parse('{')),
  ])
  await turn()
  expect(write(a)).toEqual([7])
  await turn()
  expect(known).toEqual(['settled', expect.stringContaining('JSON')])
})

test('a source that waits for each fate before the next lets everything else run', async () => {
  const { intake } = bench(decodeNumbers)
  intake.setRoute(routeAll())
  let turns = 0
  let going = true
  const turning = (async () => {
    for (; going; turns++) await turn()
  })()
  for (let i = 0; i < 5000; i++) await intake.deliver(numbers(i))
  going = false
  await turning
  expect(turns).toBeGreaterThan(40)
  expect(intake.counts).toMatchObject({ received: 5000, settled: 5000 })
})

test('a decoder that is slow lets everything else run between its messages, and keeps their order', async () => {
  const { intake } = bench((message, out) => {
    takeMs(0.2)
    decodeNumbers(message, out)
  })
  const a = edge('a')
  intake.setRoute(routeAll(a))
  const { intake: other } = bench(decodeNumbers)
  other.setRoute(routeAll(edge('b', false)))
  const known = fates(range(0, 100).map((id) => intake.deliver(numbers(id))))
  await other.deliver(numbers(1))
  await turn()
  const { records } = intake.counts
  expect(records).toBeGreaterThan(0)
  expect(records).toBeLessThan(100)
  // What comes meanwhile comes last.
  const last = fates([intake.deliver(numbers(100))])
  await vi.waitUntil(() => intake.counts.records === 101, { timeout: 10_000 })
  expect(write(a)).toEqual(range(0, 101))
  await turn()
  expect([...known, ...last].every((fate) => fate === 'settled')).toBe(true)
})

test('what comes faster than it is decoded does not pile up: after some short turns each takes twice as long as the one before', async () => {
  const { intake } = bench(() => takeMs(0.2))
  intake.setRoute(routeAll(edge('a')))
  let most = 0
  for (let turns = 0; turns < 60; turns++) {
    // Ten times as much as half a millisecond is enough for.
    for (let i = 0; i < 25; i++) void intake.deliver(numbers(i))
    most = Math.max(most, intake.inFlight)
    await turn()
  }
  expect(most).toBeLessThan(500)
})

test('the first turns of a slow decoder are short, however many messages there are', async () => {
  const { intake } = bench(() => takeMs(0.2))
  intake.setRoute(routeAll(edge('a')))
  for (let i = 0; i < 400; i++) void intake.deliver(numbers(i))
  for (let turns = 0; turns < 6; turns++) await turn()
  // Seven before the clock is looked at; turns that grew from the first on would have been through twice as many.
  expect(intake.counts.empty).toBeGreaterThan(0)
  expect(intake.counts.empty).toBeLessThanOrEqual(8 * 7)
  await vi.waitUntil(() => intake.inFlight === 0, { timeout: 10_000 })
})

test('what is decoded elsewhere when its source asks for haste is hurried once it is back, and nothing after it', async () => {
  const { intake } = bench(decodeNumbers)
  const a = edge('a')
  intake.setRoute({ metric: [a], event: [], log: [] })
  const hurry = vi.spyOn(a.queue, 'hurry')
  const sink = new Sink()
  const held = Promise.withResolvers<void>()
  intake.setRemoteDecoder(async (messages) => {
    await held.promise
    return decodeEach(messages, 0, decodeNumbers, sink)
  })
  void intake.deliver(numbers(1))
  await turn()
  intake.hurry()
  expect(hurry).toHaveBeenCalledTimes(1)
  held.resolve()
  await vi.waitUntil(() => intake.counts.records === 1)
  expect(hurry).toHaveBeenCalledTimes(2)
  void intake.deliver(numbers(2))
  await vi.waitUntil(() => intake.counts.records === 2)
  expect(hurry).toHaveBeenCalledTimes(2)
})

function takeMs(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs;);
}
