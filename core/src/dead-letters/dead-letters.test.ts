import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { deadMessage, openStore } from '../testing/dead-letter-store.ts'
import { recordingLog } from '../testing/log-lines.ts'
import { scratch } from '../testing/scratch.ts'
import { until } from '../testing/until.ts'
import { deadLetterFile } from './dead-letters.ts'
import type { DeadLetters } from './dead-letters.ts'
import { ROW_BYTES } from './row.ts'

const BODY_BYTES = 488
/** Letters with such a body take 1000 bytes of the bound. */
const body = (id: number): string => String(id).padStart(BODY_BYTES, '.')

async function bodiesIn(letters: DeadLetters): Promise<number[]> {
  const bodies: number[] = []
  for (const id of await letters.ids({ all: true }))
    bodies.push(Number((await letters.get(id))!.body.toString().replaceAll('.', '')))
  return bodies
}

test('a message is kept with all that is known of it, and is there after the store was opened anew', async () => {
  const folder = join(scratch(), 'state')
  const letters = await openStore(folder)
  const binary = Buffer.from([0, 255, 128, 10, 0xc3])
  const message = {
    body: binary,
    contentType: 'application/json',
    address: 'collectd/telemetry',
    headers: { tries: 3, big: 2n ** 60n, raw: Buffer.from('x'), nested: { list: [1, null, 'a'] } },
  }
  const before = Date.now()
  expect(
    await letters.add([deadMessage('', { message, generation: 7, reason: 'line one\n  line two' })]),
  ).toEqual({ kept: 1, notKept: 0 })
  await letters.close()

  const again = await openStore(folder)
  const [info] = await again.list({ limit: 10 })
  expect(info).toMatchObject({
    id: 1,
    kind: 'message',
    instance: 'collectd',
    generation: 7,
    reason: 'line one line two',
    bytes: 5,
    scrubbed: false,
    replays: 0,
    contentType: 'application/json',
    address: 'collectd/telemetry',
  })
  expect(info!.timeMs).toBeGreaterThanOrEqual(before)
  expect(info!.timeMs).toBeLessThanOrEqual(Date.now())
  const letter = (await again.get(1))!
  expect(letter.body).toEqual(binary)
  expect(letter.headers).toBe('{"tries":3,"big":1152921504606846976,"nested":{"list":[1,null,"a"]}}')
  expect(await again.get(2)).toBeUndefined()
})

test('what was kept is there after a SIGKILL', async () => {
  const folder = scratch()
  const module = pathToFileURL(join(import.meta.dirname, 'dead-letters.ts')).href
  const script = `
    import { openDeadLetters } from ${JSON.stringify(module)}
    const letters = await openDeadLetters({
      stateFolder: ${JSON.stringify(folder)},
      limits: { maxBytes: 1e9, whenFull: 'dropOldest' },
      scrubber: { scrub: (text) => text },
      log: console,
    })
    for (let id = 1; ; id++) {
      const message = { body: Buffer.from(String(id)) }
      void letters
        .add([{ kind: 'message', instance: 'collectd', generation: 1, reason: 'bad', message }])
        .then(({ kept }) => kept === 1 && process.stdout.write(id + '\\n'))
      if (id % 20 === 0) await new Promise(setImmediate)
    }`
  const file = join(folder, 'adds.mjs')
  writeFileSync(file, script)
  const child = spawn(process.execPath, ['--conditions=@smart-gateway/source', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text))
  await until('a thousand are kept', () => output.split('\n').length > 1000)
  child.kill('SIGKILL')
  expect((await once(child, 'close'))[1]).toBe('SIGKILL')

  const acknowledged = output.split('\n').slice(0, -1).map(Number)
  const kept = new Set(await bodiesIn(await openStore(folder)))
  expect(acknowledged.length).toBeGreaterThan(999)
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
})

test('the bound is exact: the oldest letters go, they are counted, and it is said once until there is room again', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { log, lines } = recordingLog()
  const letters = await openStore(scratch(), { limits: { maxBytes: 10_000 }, log })
  for (let id = 1; id <= 10; id++) await letters.add([deadMessage(body(id))])
  expect(letters.counts).toMatchObject({ letters: 10, bytes: 10_000, kept: 10, discarded: 0 })
  expect(lines).toEqual([])

  expect(await letters.add([11, 12, 13].map((id) => deadMessage(body(id))))).toEqual({ kept: 3, notKept: 0 })
  expect(await bodiesIn(letters)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
  expect(letters.counts).toMatchObject({ letters: 10, bytes: 10_000, kept: 13, discarded: 3 })
  // One byte more than one letter's place takes two.
  await letters.add([deadMessage(` ${body(14)}`)])
  expect(await bodiesIn(letters)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14])
  expect(letters.counts).toMatchObject({ letters: 9, bytes: 9001, discarded: 5 })
  const full = 'the dead letter store is full (10000 bytes): the oldest letters are discarded for new ones'
  expect(lines.map(({ msg }) => msg)).toEqual([full])

  expect(await letters.drop({ all: true })).toBe(9)
  expect(letters.counts).toMatchObject({ letters: 0, bytes: 0, dropped: 9 })
  for (let id = 1; id <= 12; id++) await letters.add([deadMessage(body(id))])
  // Besides what was dropped by a person.
  const warnings = (): number => lines.filter(({ level }) => level === 'warn').length
  expect(warnings()).toBe(1)
  await letters.drop({ all: true })
  vi.advanceTimersByTime(61_000)
  for (let id = 1; id <= 12; id++) await letters.add([deadMessage(body(id))])
  expect(warnings()).toBe(2)
})

test('with dropNewest the letters that are there stay, and whoever adds is told', async () => {
  const { log, lines } = recordingLog()
  const letters = await openStore(scratch(), { limits: { maxBytes: 2000, whenFull: 'dropNewest' }, log })
  const reason = 'their store is full (2000 bytes)'
  expect(await letters.add([1, 2, 3, 4].map((id) => deadMessage(body(id))))).toEqual({
    kept: 2,
    notKept: 2,
    reason,
  })
  expect(await bodiesIn(letters)).toEqual([1, 2])
  expect(letters.counts).toMatchObject({ letters: 2, kept: 2, discarded: 2 })
  expect(lines.map(({ msg }) => msg)).toEqual([`dead letters are not kept: ${reason}`])
})

test('a letter larger than the whole store is not kept and pushes nothing out', async () => {
  const letters = await openStore(scratch(), { limits: { maxBytes: 2000 } })
  await letters.add([deadMessage(body(1))])
  expect(await letters.add([deadMessage('x'.repeat(2000 - ROW_BYTES + 1))])).toMatchObject({
    notKept: 1,
    reason: 'one is larger than their whole store (2000 bytes)',
  })
  expect(await bodiesIn(letters)).toEqual([1])
  expect(await letters.add([deadMessage('x'.repeat(2000 - ROW_BYTES))])).toEqual({ kept: 1, notKept: 0 })
})

test('only its owner may read the file, its journal and a folder that it makes; an older file is narrowed', async () => {
  const state = join(scratch(), 'state')
  const letters = await openStore(state)
  await letters.add([deadMessage('one')])
  const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
  expect(modeOf(state)).toBe('700')
  expect(modeOf(deadLetterFile(state))).toBe('600')
  expect(modeOf(`${deadLetterFile(state)}-wal`)).toBe('600')
  await letters.close()
  chmodSync(deadLetterFile(state), 0o644)
  await openStore(state)
  expect(modeOf(deadLetterFile(state))).toBe('600')
})

test('the list is newest first and goes on page by page, by instance and kind where asked', async () => {
  const letters = await openStore(scratch())
  const record = {
    kind: 'record',
    instance: 'loki',
    generation: 2,
    reason: 'too old',
    input: 'logs',
    signal: 'log',
    record: { index: 'i', timeMs: 1, severity: 'info', publisher: 'p', labels: {}, message: 'm' },
  } as const
  await letters.add(Array.from({ length: 5 }, (_, i) => deadMessage(`m${i}`)))
  await letters.add([record, deadMessage('x', { instance: 'logs' })])
  const idsOf = async (page: Parameters<DeadLetters['list']>[0]) =>
    (await letters.list(page)).map(({ id }) => id)
  expect(await idsOf({ limit: 3 })).toEqual([7, 6, 5])
  expect(await idsOf({ limit: 3, after: 5 })).toEqual([4, 3, 2])
  expect(await idsOf({ limit: 3, after: 2 })).toEqual([1])
  expect(await idsOf({ limit: 9, instance: 'collectd', after: 4 })).toEqual([3, 2, 1])
  expect(await idsOf({ limit: 9, kind: 'record' })).toEqual([6])
  expect((await letters.list({ limit: 1, kind: 'record' }))[0]).toMatchObject({
    input: 'logs',
    signal: 'log',
  })
  expect(await letters.drop({ all: true, instance: 'collectd' })).toBe(5)
  expect(await letters.drop({ ids: [6, 6, 99] })).toBe(1)
  expect(await letters.ids({ all: true })).toEqual([7])
})

test('a flood of ten thousand letters does not hold the event loop up for a tenth of a second', async () => {
  const letters = await openStore(scratch(), { secrets: ['a secret of some length', 'another one'] })
  const addMany = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, id) => letters.add([deadMessage(body(id))])))
  // The machine has others to serve too: what the store itself costs shows every time.
  const stalls: number[] = []
  for (let attempt = 0; attempt < 5 && !stalls.some((stall) => stall < 100); attempt++) {
    const stop = watchLoop()
    const added: Promise<unknown>[] = []
    // As they come: some hundred in each turn of the event loop.
    for (let i = 0; i < 100; i++) {
      added.push(addMany(100))
      await new Promise(setImmediate)
    }
    await Promise.all(added)
    stalls.push(stop())
  }
  expect(letters.counts).toMatchObject({ letters: stalls.length * 10_000, notKept: 0 })
  expect(Math.min(...stalls)).toBeLessThan(100)
})

/** Watches the event loop; the function that it returns ends that and says how long its longest turn was. */
function watchLoop(): () => number {
  let longest = 0
  let last = performance.now()
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  return () => {
    clearInterval(beat)
    return longest
  }
}

test('what waits for the disk is bounded, and what is beyond it is counted', async () => {
  const letters = await openStore(scratch(), { limits: { maxBytes: 1_000_000_000 } })
  const message = { body: Buffer.alloc(1_000_000, 'x') }
  const outcome = await letters.add(Array.from({ length: 80 }, () => deadMessage('', { message })))
  expect(outcome).toEqual({ kept: 67, notKept: 13, reason: 'the disk does not keep up with them' })
  expect(letters.counts).toMatchObject({ letters: 67, discarded: 13 })
})

test('a damaged file, one of another program and one of a newer gateway are refused with a sentence, and left alone', async () => {
  const texts = (folder: string) => openStore(folder).catch((error: unknown) => error)
  const garbage = scratch()
  writeFileSync(deadLetterFile(garbage), 'this is no database'.repeat(100))
  const before = readFileSync(deadLetterFile(garbage))
  expect(await texts(garbage)).toMatchObject({
    code: 'SG_DEAD_LETTERS_FAILED',
    message: `the dead letter store cannot be opened: ${deadLetterFile(garbage)} is damaged (file is not a database)`,
    hint: expect.stringContaining('moved away') as string,
  })
  expect(readFileSync(deadLetterFile(garbage))).toEqual(before)

  const torn = scratch()
  const letters = await openStore(torn)
  await letters.add(Array.from({ length: 200 }, (_, id) => deadMessage(body(id))))
  await letters.close()
  const bytes = readFileSync(deadLetterFile(torn))
  writeFileSync(deadLetterFile(torn), bytes.fill(0x55, 4096 * 3, 4096 * 6))
  expect(await texts(torn)).toMatchObject({ message: expect.stringContaining('is damaged (') as string })

  const foreign = scratch()
  const database = new DatabaseSync(deadLetterFile(foreign))
  database.exec('CREATE TABLE other (a)')
  database.close()
  expect(await texts(foreign)).toMatchObject({
    message: expect.stringContaining("is another program's database") as string,
  })

  const newer = scratch()
  await (await openStore(newer)).close()
  const later = new DatabaseSync(deadLetterFile(newer))
  later.exec('PRAGMA user_version = 2')
  later.close()
  expect(await texts(newer)).toMatchObject({
    message: expect.stringContaining('was written by a newer gateway (format 2, this one knows 1)') as string,
  })

  const noFolder = join(scratch(), 'file')
  writeFileSync(noFolder, '')
  expect(await texts(join(noFolder, 'state'))).toMatchObject({
    message: expect.stringContaining('cannot be used (ENOTDIR)') as string,
  })
})

test('two gateways cannot have the same store; the next one may as soon as the first has closed it', async () => {
  const folder = scratch()
  const first = await openStore(folder)
  await expect(openStore(folder)).rejects.toMatchObject({
    code: 'SG_DEAD_LETTERS_FAILED',
    message: expect.stringContaining(
      'is in use by another process; does a gateway run with the same state folder?',
    ) as string,
  })
  await first.add([deadMessage('still there')])
  await first.close()
  expect((await openStore(folder)).counts.letters).toBe(1)
})

test('closing keeps what was added before; what is added after is not kept, and nothing rejects', async () => {
  const folder = scratch()
  const letters = await openStore(folder)
  const added = letters.add(Array.from({ length: 1500 }, (_, id) => deadMessage(body(id))))
  await Promise.all([letters.close(), letters.close()])
  expect(await added).toEqual({ kept: 1500, notKept: 0 })
  expect(await letters.add([deadMessage('late')])).toMatchObject({
    notKept: 1,
    reason: 'their store is closed',
  })
  expect((await openStore(folder)).counts.letters).toBe(1500)
})
