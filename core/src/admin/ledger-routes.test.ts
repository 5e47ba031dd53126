import { expect, test } from 'vitest'
import type { EventRecord, InputSession } from '@smart-gateway/sdk'
import { makeBench } from '../testing/bench.ts'
import { SERIES } from '../testing/records.ts'
import { makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'
import type { Ledgers } from './ledger-routes.ts'

const EVENT: EventRecord = {
  index: 'numbers',
  timeMs: 0,
  severity: 'info',
  publisher: 'test',
  labels: {},
  annotations: {},
}

/** An input that yields a sample for each number but 0, which does not decode, and an event with each message. */
function mixed(): InputSession {
  return {
    decode({ body }, out) {
      const numbers = JSON.parse(body.toString()) as number[]
      if (numbers.includes(0)) throw new Error('there is a 0')
      for (const number of numbers) out.sample(SERIES, number, 0)
      out.event(EVENT)
    },
  }
}

test('every message and record is shown with its fate, for each input and each output', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const write = Promise.withResolvers<void>()
  const metrics = { signals: ['metric'] } as const
  const quick = makeShelf()
  const held = makeShelf(() => write.promise)
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: {
      numbers: { plugin: bench.plugin('input', 'mixed', mixed), from: { transport: 'hand' } },
      silent: { plugin: bench.plugin('input', 'mixed', mixed), from: { transport: 'hand' } },
    },
    outputs: {
      quick: { plugin: bench.plugin('output', 'quick', quick.open, metrics) },
      held: { plugin: bench.plugin('output', 'held', held.open, metrics), required: false },
    },
  })
  await gateway.start()
  await hand.deliver('numbers', 1, 2, 3)
  await expect(hand.deliver('numbers', 0)).rejects.toThrow('there is a 0')
  const asked = async (): Promise<Ledgers> => {
    const response = await fetch(`${gateway.adminUrl}/api/v1/ledger`)
    expect(response.status).toBe(200)
    return (await response.json()) as Ledgers
  }
  await until('the batch is written', () => quick.ids.length === 3)
  expect(await asked()).toEqual({
    messages: [
      {
        input: 'numbers',
        received: 2,
        settled: 1,
        returned: 0,
        refused: 1,
        dropped: 0,
        inFlight: 0,
        residual: 0,
        empty: 0,
        filteredRecords: 0,
        unroutedRecords: 1,
      },
      expect.objectContaining({ input: 'silent', received: 0, residual: 0 }),
    ],
    records: [
      expect.objectContaining({ input: 'numbers', output: 'quick', routed: 3, delivered: 3, inFlight: 0 }),
      expect.objectContaining({ input: 'numbers', output: 'held', routed: 3, delivered: 0, inFlight: 3 }),
    ],
  })
  write.resolve()
  const written = await until('it is written', async () => {
    const [, line] = (await asked()).records
    return line!.inFlight === 0 ? line : undefined
  })
  expect(written).toMatchObject({
    recovered: 0,
    delivered: 3,
    rejected: 0,
    dropped: 0,
    returned: 0,
    residual: 0,
  })
})

test('what is unaccounted for is shown at its own input and output', async () => {
  const bench = await makeBench()
  const gateway = bench.gateway({
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', makeShelf().open) } },
  })
  await gateway.start()
  const { ledger } = gateway.registry.outputs[0]!.queue
  ledger.of('one').routed = 2
  ledger.of('other').delivered = 2
  const { records } = (await (await fetch(`${gateway.adminUrl}/api/v1/ledger`)).json()) as Ledgers
  expect(records.map(({ input, residual }) => [input, residual])).toEqual([
    ['one', 2],
    ['other', -2],
  ])
})
