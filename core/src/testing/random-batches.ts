import type { Batch, EventRecord, LogRecord, Series } from '@smart-gateway/sdk'
import type { Seeded } from './seeded.ts'

const TEXTS = ['', 'plain', 'ä ü 漢字 🙂', '\u0000\u2028"\\\n', '\ud800 alone', 'x'.repeat(300), '__proto__']
const VALUES = [0, -0, 1.5, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53 + 2]
const SEVERITIES = ['unknown', 'debug', 'info', 'warning', 'critical'] as const

/** Series and batches with all that is awkward to store. */
export function randomSeries(random: Seeded): Series {
  const labels: Record<string, string> = {}
  for (let i = random.below(4); i > 0; i--)
    Object.defineProperty(labels, random.pick(TEXTS), {
      value: random.pick(TEXTS),
      enumerable: true,
      configurable: true,
    })
  return Object.freeze({
    name: random.pick(TEXTS),
    labels: Object.freeze(labels),
    type: random.pick(['counter', 'gauge', 'untyped'] as const),
    intervalMs: random.pick([0, 10_000]),
    ...(random.below(2) === 0 ? {} : { help: random.pick(TEXTS), unit: random.pick(TEXTS) }),
  })
}

export function randomBatch(random: Seeded, series: readonly Series[], most = 40): Batch {
  const length = 1 + random.below(most)
  const each = <T>(make: () => T): T[] => Array.from({ length }, make)
  const kind = random.below(4)
  if (kind === 0) return { signal: 'event', length, records: each(() => randomEvent(random)) }
  if (kind === 1) return { signal: 'log', length, records: each(() => randomLog(random)) }
  return {
    signal: 'metric',
    length,
    series: each(() => random.pick(series)),
    values: each(() => random.pick(VALUES)),
    times: each(() => random.pick([0, 1_764_000_000_000, 1_764_000_000_000.5])),
  }
}

/** The same batch with its columns as arrays, to be compared. */
export function plain(batch: Batch): Batch {
  if (batch.signal !== 'metric') return batch
  return { ...batch, values: Array.from(batch.values), times: Array.from(batch.times) }
}

function randomEvent(random: Seeded): EventRecord {
  const { index, timeMs, severity, publisher } = randomLog(random)
  const [labels, annotations] = [randomObject(random, 3), randomObject(random, 3)]
  return { index, timeMs, severity, publisher, labels, annotations }
}

function randomLog(random: Seeded): LogRecord {
  return {
    index: random.pick(TEXTS),
    timeMs: random.below(2 ** 31) * 1000,
    severity: random.pick(SEVERITIES),
    publisher: random.pick(TEXTS),
    labels: randomObject(random, 2),
    message: random.pick(TEXTS),
    ...(random.below(2) === 0 ? {} : { timeNs: random.below(1_000_000), id: random.pick(TEXTS) }),
  }
}

function randomObject(random: Seeded, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Array.from({ length: random.below(4) }, (_, i) => [
      `${i} ${random.pick(TEXTS)}`,
      randomValue(random, depth),
    ]),
  )
}

function randomValue(random: Seeded, depth: number): unknown {
  const kind = random.below(depth > 0 ? 7 : 5)
  if (kind === 0) return random.pick([true, false, null])
  if (kind === 1) return random.pick([0, 1.5, -7, 2 ** 53 - 1])
  if (kind === 2) return random.pick([2n ** 53n + 1n, 2n ** 64n - 1n, -(2n ** 70n)])
  if (kind === 3 || kind === 4) return random.pick(TEXTS)
  if (kind === 5) return Array.from({ length: random.below(3) }, () => randomValue(random, depth - 1))
  return randomObject(random, depth - 1)
}
