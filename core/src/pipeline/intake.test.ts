import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { Message, RecordSink } from '@smart-gateway/sdk'
import { idsOf, line, range, SERIES } from '../testing/records.ts'
import { until } from '../testing/until.ts'
import { sliceBatch } from './batches.ts'
import { Intake } from './intake.ts'
import type { Decode, Edge } from './intake.ts'
import { Queue } from './queue.ts'

/** An intake, and what it told of messages that did not decode. */
function bench(decode?: Decode) {
  const told: string[] = []
  const intake = new Intake({
    refused: (_, { message }) => void told.push(`refused: ${message}`),
    rejected: (_, reasons) => void told.push(`rejected: ${reasons.join(', ')}`),
  })
  intake.setDecoder(decode)
  return { intake, told }
}

function edge(output: string, required = true, maxBytes = 2 ** 30): Edge {
  return { output, required, queue: new Queue({ maxBytes, whenFull: required ? 'block' : 'dropOldest' }) }
}

function routeAll(...edges: readonly Edge[]) {
  return { metric: edges, event: edges, log: edges }
}

/** A message that holds numbers as JSON. */
function numbers(...values: readonly number[]): Message {
  return { body: Buffer.from(JSON.stringify(values)) }
}

/** Yields a sample for each number of the message; a negative one is an element that it refuses. */
function decodeNumbers({ body }: Message, out: RecordSink): void {
  for (const value of JSON.parse(body.toString()) as number[]) {
    if (value < 0) out.reject(`${value} is negative`)
    else out.sample(SERIES, value, 0)
  }
}

/** Takes all that waits in a queue, as if it were written. */
function write({ queue }: Edge, error?: Error): readonly (number | string)[] {
  const parts = queue.take(100_000, 2 ** 30)
  queue.settle(parts, error)
  return parts.flatMap(({ chunk, from, to }) => idsOf(sliceBatch(chunk.batch, from, to)))
}

/** The fates of promises so far. */
function fates(promises: readonly Promise<void>[]): string[] {
  const known = promises.map(() => 'none')
  for (const [i, promise] of promises.entries()) {
    promise.then(
      () => (known[i] = 'settled'),
      (error: Error) => (known[i] = error.message),
    )
  }
  return known
}

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

test('an optional output never holds a message', async () => {
  const { intake } = bench(decodeNumbers)
  const optional = edge('c', false, 100)
  intake.setRoute(routeAll(optional))
  for (let i = 0; i < 100; i++) await intake.deliver(numbers(i))
  expect(intake.full).toBe(false)
  const { routed, dropped } = optional.queue.counts
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
  expect(known).toEqual(['mapping', 'mapping'])
  expect(intake.counts).toMatchObject({ received: 2, refused: 2, settled: 0, returned: 0 })
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

test('a message on which decode throws leaves nothing behind and is refused; its neighbours go on', async () => {
  const { intake, told } = bench((message, out) => {
    out.reject('noted before the fault')
    decodeNumbers(message, out)
    if (message.body.includes('13')) throw new Error('unlucky')
  })
  const a = edge('a')
  intake.setRoute(routeAll(a))
  const known = fates([
    intake.deliver(numbers(1)),
    intake.deliver(numbers(2, 13)),
    intake.deliver(numbers(3)),
  ])
  await turn()
  expect(write(a)).toEqual([1, 3])
  await turn()
  expect(known).toEqual(['settled', 'unlucky', 'settled'])
  expect(told.filter((one) => one.startsWith('refused'))).toEqual(['refused: unlucky'])
  expect(intake.counts).toMatchObject({
    settled: 2,
    refused: 1,
    undecodable: 1,
    rejectedElements: 2,
    records: 2,
  })
})

test('a decoder may say that a message is worth another try', async () => {
  const { intake } = bench(() => {
    throw retryable('not now')
  })
  intake.setRoute(routeAll())
  await expect(intake.deliver(numbers())).rejects.toMatchObject({ message: 'not now', retryable: true })
  expect(intake.counts).toMatchObject({ returned: 1, refused: 0 })
})

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['null', null],
  ['a string', 'text'],
  ['an error without a message', Object.assign(new Error('x'), { message: undefined })],
])('a decoder that throws %s refuses one message and nothing else', async (_, thrown) => {
  const { intake, told } = bench(() => {
    throw thrown
  })
  intake.setRoute(routeAll())
  await expect(intake.deliver(numbers())).rejects.toMatchObject({ retryable: false })
  expect(told[0]).toMatch(/^refused: \S+/)
})

test('a decoder that is not synchronous is refused, and what it yields late belongs to no message', async () => {
  let late: RecordSink | undefined
  let ended = false
  const { intake, told } = bench(async (message, out) => {
    late = out
    await turn()
    decodeNumbers(message, out)
    ended = true
    throw new Error('nobody would hear this')
  })
  const a = edge('a')
  intake.setRoute(routeAll(a))
  await expect(intake.deliver(numbers(1))).rejects.toThrow(
    'decode returned a promise: it must be synchronous',
  )
  await until('the decoder has ended', () => ended)
  intake.setDecoder(decodeNumbers)
  late!.sample(SERIES, 99, 0)
  const known = fates([intake.deliver(numbers(2))])
  await turn()
  expect(write(a)).toEqual([2])
  await turn()
  expect([known, told.length]).toEqual([['settled'], 1])
})

test('elements that are refused or left out are counted, the others of the message go on', async () => {
  const { intake, told } = bench((message, out) => {
    decodeNumbers(message, out)
    out.skip('NaN')
    out.skip('NaN')
  })
  const a = edge('a')
  intake.setRoute(routeAll(a))
  const known = fates([intake.deliver(numbers(-1, 5, -2))])
  await turn()
  expect(write(a)).toEqual([5])
  await turn()
  expect(known).toEqual(['settled'])
  expect(intake.counts).toMatchObject({ rejectedElements: 2, skippedElements: 2, records: 1 })
  expect(told).toEqual(['rejected: -1 is negative, -2 is negative'])
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

test('a decoder that is swapped between two messages decodes the next one: each is decoded once, in order', async () => {
  const { intake } = bench()
  const a = edge('a')
  intake.setRoute(routeAll(a))
  const seen: string[] = []
  const generation =
    (name: string): Decode =>
    (message, out) => {
      seen.push(`${name} ${message.body.toString()}`)
      decodeNumbers(message, out)
    }
  for (let i = 0; i < 5; i++) void intake.deliver(numbers(i))
  intake.setDecoder(generation('old'))
  await turn()
  intake.setDecoder(undefined)
  for (let i = 5; i < 8; i++) void intake.deliver(numbers(i))
  await turn()
  intake.setDecoder(generation('new'))
  await turn()
  expect(write(a)).toEqual(range(0, 8))
  expect(seen).toEqual([...range(0, 5).map((i) => `old [${i}]`), ...range(5, 8).map((i) => `new [${i}]`)])
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
  expect([a.queue.counts.routed, rooms]).toEqual([100, 0])
  write(a)
  await turn()
  expect([a.queue.counts.routed, rooms, intake.full]).toEqual([101, 1, false])
  write(a)
  await turn()
  expect(known).toEqual(['settled'])
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
