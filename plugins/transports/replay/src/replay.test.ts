import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { Intake, Message } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import replay from './index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replay-'))
})
afterAll(() => rm(folder, { recursive: true }))

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

interface Given {
  file?: string
  text?: string | Buffer
  format?: 'envelope' | 'body'
  speed?: number
  rate?: number
  loop?: boolean
  follow?: boolean
  inFlight?: number
  deliver?: (message: Message) => Promise<void>
}

const defaults = {
  format: 'envelope',
  speed: 0,
  rate: 100,
  loop: false,
  follow: false,
  inFlight: 1000,
} as const

async function playing({
  text,
  deliver = () => Promise.resolve(),
  file = join(folder, 'recording'),
  ...given
}: Given) {
  if (text !== undefined) await writeFile(file, text)
  const context = testContext({}, 'player')
  const transport = await replay.open(context)
  stops.push(() => transport.stop?.())
  const messages: Message[] = []
  const arrivals: number[] = []
  const intake = {
    full: false,
    room: () => Promise.resolve(),
    fail: vi.fn<(error: Error) => void>(),
    deliver(message: Message) {
      arrivals.push(performance.now())
      messages.push(message)
      return deliver(message)
    },
  }
  const subscription = await transport.subscribe({ ...defaults, ...given, file }, intake satisfies Intake, {
    input: 'x',
    log: context.log,
  })
  const texts = () => messages.map(({ body }) => body.toString())
  const logged = (level: string) => context.lines.filter(([at]) => at === level).map(([, message]) => message)
  const done = () => vi.waitFor(() => expect(logged('info')).toHaveLength(1), { timeout: 10_000 })
  return { context, transport, subscription, intake, messages, texts, arrivals, logged, done, file }
}

const envelopes = (count: number, everyMs?: number) =>
  Array.from(
    { length: count },
    (_, i) => `${JSON.stringify({ body: `m${i}`, t: everyMs && everyMs * i })}\n`,
  ).join('')

test('an envelope becomes a message with its media type and its place in the file', async () => {
  const { subscription, messages, done, logged, file } = await playing({
    text: '{"t":0,"body":"[\\"ü\\"]","contentType":"application/json"}\n\n{"body":"two","fields":{}}',
  })
  expect(messages).toEqual([])
  expect(subscription.address).toBe(file)
  await subscription.start()
  await done()
  expect(messages).toEqual([
    { body: Buffer.from('["ü"]'), contentType: 'application/json', address: `${file}:1` },
    { body: Buffer.from('two'), address: `${file}:3` },
  ])
  expect(logged('info')).toEqual([`replayed 2 messages of ${file}`])
})

test('in format body each line is one message, byte for byte', async () => {
  const text = Buffer.from([123, 0xff, 0xfe, 125, 10, 10, 32, 13, 10, 34, 10, 97])
  const { subscription, messages, done } = await playing({ text, format: 'body' })
  await subscription.start()
  await done()
  expect(messages.map(({ body }) => [...body])).toEqual([[123, 0xff, 0xfe, 125], [34], [97]])
})

test('lines that span many reads come out whole and in order', async () => {
  const bodies = Array.from({ length: 300 }, (_, i) => String(i).repeat(i * 13))
  const text = bodies.map((body) => `${JSON.stringify({ body })}\n`).join('')
  const { subscription, texts, done } = await playing({ text })
  await subscription.start()
  await done()
  expect(texts()).toEqual(bodies)
})

test('a line that is no envelope is skipped, counted and warned about with its number, once and not once per loop', async () => {
  const bad = [
    'nonsense',
    '[]',
    'null',
    '{"t":1}',
    '{"body":5}',
    '{"body":"x","t":"0"}',
    '{"body":"x","t":-1}',
  ]
  const { subscription, context, texts, logged, file } = await playing({
    text: `${bad.join('\n')}\n{"body":"good"}\n`,
    loop: true,
  })
  await subscription.start()
  await vi.waitFor(() => expect(texts().length).toBeGreaterThan(3))
  await subscription.stop()
  expect(new Set(texts())).toEqual(new Set(['good']))
  expect(logged('warn')).toHaveLength(bad.length)
  expect(logged('warn')[0]).toBe(`skipped line 1 of ${file}: it is not JSON`)
  expect(context.values.get('replay_skipped_lines_total')).toBe(bad.length)
})

test('a broken file does not flood the log', async () => {
  const { subscription, logged, done } = await playing({ text: `${'x\n'.repeat(5000)}{"body":"good"}\n` })
  await subscription.start()
  await done()
  expect(logged('warn')).toHaveLength(11)
  expect(logged('warn').at(-1)).toContain('skipped 5000 lines')
})

test('a line longer than can be kept is skipped', async () => {
  const { subscription, texts, logged, done } = await playing({
    text: `${'x'.repeat(16_777_217)}\ngood\n`,
    format: 'body',
  })
  await subscription.start()
  await done()
  expect(texts()).toEqual(['good'])
  expect(logged('warn')).toEqual([expect.stringContaining('skipped line 1')])
})

test('a missing file, a folder and an empty file are refused with a sentence', async () => {
  await expect(playing({ file: join(folder, 'none') })).rejects.toThrow(
    'none cannot be read (ENOENT): check "file"',
  )
  await expect(playing({ file: folder })).rejects.toThrow('is not a file')
  await expect(playing({ text: '' })).rejects.toThrow('is empty')
})

test('a loop over a file without a message ends with a warning and does not spin', async () => {
  const { subscription, logged, messages } = await playing({ text: '\nx\n', loop: true })
  await subscription.start()
  await vi.waitFor(() => expect(logged('warn').at(-1)).toContain('holds no message'))
  await subscription.stop()
  expect(messages).toEqual([])
})

test('a file that is emptied or goes away while it loops ends the subscription', async () => {
  const { subscription, intake, messages, file } = await playing({ text: envelopes(3), loop: true, speed: 1 })
  await subscription.start()
  await vi.waitFor(() => expect(messages.length).toBeGreaterThan(3))
  await truncate(file)
  await vi.waitFor(() => expect(intake.fail).toHaveBeenCalledOnce())
  expect(intake.fail.mock.calls[0]?.[0]).toMatchObject({
    retryable: true,
    message: expect.stringContaining(file),
  })
})

test('a file that is followed may be empty; what is appended is delivered once its line is whole, until it is stopped', async () => {
  const { subscription, texts, logged, intake, file } = await playing({ text: '', follow: true })
  await subscription.start()
  await appendFile(file, envelopes(2))
  await vi.waitFor(() => expect(texts()).toEqual(['m0', 'm1']))
  await appendFile(file, '{"body":')
  await delay(300)
  expect(texts()).toHaveLength(2)
  await appendFile(file, '"late"}\n')
  await vi.waitFor(() => expect(texts()).toEqual(['m0', 'm1', 'late']))
  await subscription.stop()
  await appendFile(file, envelopes(1))
  await delay(300)
  expect([texts().length, intake.fail.mock.calls, logged('warn')]).toEqual([3, [], []])
})

test.for<[string, (file: string) => Promise<void>]>([
  ['is cut', (file) => truncate(file)],
  ['goes away', (file) => rm(file)],
  [
    'is replaced',
    async (file) => {
      await writeFile(`${file}.new`, envelopes(9))
      await rename(`${file}.new`, file)
    },
  ],
])('a file that %s while it is followed ends the subscription', async ([, harm]) => {
  const { subscription, intake, messages, file } = await playing({ text: envelopes(3), follow: true })
  await subscription.start()
  await vi.waitFor(() => expect(messages).toHaveLength(3))
  await harm(file)
  await vi.waitFor(() => expect(intake.fail).toHaveBeenCalledOnce())
  expect(intake.fail.mock.calls[0]?.[0]).toMatchObject({ retryable: true })
})

test('of a followed file that is moved away what was appended last is delivered, too; until there is another one that may pass', async () => {
  const { subscription, intake, texts, file } = await playing({ text: envelopes(1), follow: true })
  await subscription.start()
  await vi.waitFor(() => expect(texts()).toHaveLength(1))
  await appendFile(file, '{"body":"unended"}')
  await rename(file, `${file}.1`)
  await vi.waitFor(() => expect(intake.fail).toHaveBeenCalledOnce())
  expect(texts()).toEqual(['m0', 'unended'])
  await expect(playing({ file, follow: true })).rejects.toMatchObject({ retryable: true })
})

test('what is followed has no end that a loop could begin again from', async () => {
  await expect(playing({ text: envelopes(1), follow: true, loop: true })).rejects.toThrow(
    'Both "loop" and "follow"',
  )
})

test('the recorded pace is kept: nothing comes early, bursts stay bursts', async () => {
  const times = [0, 0, 0, 150, 150, 300]
  const text = times.map((t) => `{"t":${t},"body":"x"}\n`).join('')
  const { subscription, arrivals, done } = await playing({ text, speed: 1 })
  const began = performance.now()
  await subscription.start()
  await done()
  for (const [i, t] of times.entries()) {
    expect(arrivals[i]! - began).toBeGreaterThanOrEqual(t - 2)
    expect(arrivals[i]! - began).toBeLessThan(t + 140)
  }
})

test('speed 2 takes half the time', async () => {
  const { subscription, arrivals, done } = await playing({ text: envelopes(11, 40), speed: 2 })
  const began = performance.now()
  await subscription.start()
  await done()
  expect(arrivals.at(-1)! - began).toBeGreaterThanOrEqual(198)
  expect(arrivals.at(-1)! - began).toBeLessThan(390)
})

test('without t the rate sets the pace, also at 10,000 messages per second', async () => {
  const { subscription, arrivals, done } = await playing({ text: envelopes(4000), speed: 1, rate: 10_000 })
  const began = performance.now()
  await subscription.start()
  await done()
  expect(arrivals.at(-1)! - began).toBeGreaterThanOrEqual(398)
  expect(arrivals.at(-1)! - began).toBeLessThan(1000)
})

test('a loop goes on at the same pace, also with a recording of one message', async () => {
  const { subscription, arrivals } = await playing({
    text: '{"t":0,"body":"x"}\n',
    speed: 1,
    rate: 50,
    loop: true,
  })
  const began = performance.now()
  await subscription.start()
  await vi.waitFor(() => expect(arrivals.length).toBeGreaterThan(5))
  expect(arrivals[5]! - began).toBeGreaterThanOrEqual(98)
})

test('no more messages are in flight than may be', async () => {
  const open: (() => void)[] = []
  const deliver = () => new Promise<void>((resolve) => open.push(resolve))
  const { subscription, messages, done } = await playing({ text: envelopes(25), inFlight: 10, deliver })
  await subscription.start()
  await vi.waitFor(() => expect(open).toHaveLength(10))
  open[3]?.()
  await vi.waitFor(() => expect(open).toHaveLength(11))
  for (let i = 0; i < 25; i += 1) await vi.waitFor(() => open[i]!())
  await done()
  expect(messages).toHaveLength(25)
})

test('while the gateway is full nothing is delivered', async () => {
  const { subscription, intake, messages, done } = await playing({ text: envelopes(10) })
  const room = Promise.withResolvers<void>()
  const asked = vi.spyOn(intake, 'room').mockReturnValue(room.promise)
  intake.full = true
  await subscription.start()
  await vi.waitFor(() => expect(asked).toHaveBeenCalled())
  expect(messages).toEqual([])
  intake.full = false
  room.resolve()
  await done()
  expect(messages).toHaveLength(10)
})

test('a message that came back is delivered again, a refused one is not', async () => {
  const seen: string[] = []
  const deliver = ({ body, redelivered }: Message) => {
    seen.push(`${body.toString()}${redelivered ? ' again' : ''}`)
    if (body.toString() === 'm1') return Promise.reject(permanent('no'))
    return body.toString() === 'm0' && !redelivered ? Promise.reject(retryable('later')) : Promise.resolve()
  }
  const { subscription, context, done } = await playing({ text: envelopes(3), deliver })
  await subscription.start()
  await done()
  expect(seen).toEqual(['m0', 'm1', 'm2', 'm0 again'])
  expect(context.lines.at(-1)?.[2]).toMatchObject({ messages: 3, refused: 1 })
})

test.for<[string, Given]>([
  ['a pause in the recording', { text: '{"t":0,"body":"x"}\n{"t":60000,"body":"y"}\n', speed: 1 }],
  ['messages in flight', { text: envelopes(5), inFlight: 1, deliver: () => new Promise(() => {}) }],
  ['a redelivery', { text: envelopes(1), deliver: () => Promise.reject(retryable('later')) }],
])('a stop does not wait for %s, and nothing follows it', async ([, given]) => {
  const { subscription, messages, arrivals } = await playing(given)
  await subscription.start()
  await vi.waitFor(() => expect(messages).toHaveLength(1))
  const before = performance.now()
  await subscription.stop()
  await subscription.stop()
  expect(performance.now() - before).toBeLessThan(500)
  expect(arrivals).toHaveLength(1)
})

test('a stop ends a gateway that stays full, and the transport stops what it plays', async () => {
  const { transport, subscription, intake, messages } = await playing({ text: envelopes(2) })
  intake.full = true
  intake.room = () => new Promise(() => {})
  await subscription.start()
  await transport.stop?.()
  expect(messages).toEqual([])
})

test('the sample holds 14 seconds of collectd', async () => {
  const file = fileURLToPath(new URL('../samples/collectd.jsonl', import.meta.url))
  const { subscription, texts, logged, done } = await playing({ file })
  await subscription.start()
  await done()
  expect(logged('warn')).toEqual([])
  const lists = texts().flatMap((text) => JSON.parse(text) as { plugin?: string; labels?: object }[])
  expect(lists.filter(({ plugin }) => plugin)).toHaveLength(490)
  expect(lists.filter(({ labels }) => labels)).toHaveLength(3)
})
