import ceilometer from '@smart-gateway/input-ceilometer'
import type { Message } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { cpuOf } from './cpu.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'
import { meteringMessages } from './messages.ts'
import { openPage } from './page-output.ts'
import { BatchSink } from './sink.ts'

const ROUNDS = 41
/** Messages in one measured turn: the capture again and again. */
const MESSAGES = 6000
/** What an idle output takes at once: about 1,000 samples. */
const BURST = 300

/** Decode + map + store of captured samples against the two JSON.parse calls that the envelope needs. */
export async function ceilometerFigures(): Promise<readonly Figure[]> {
  const capture = meteringMessages()
  const messages = Array.from({ length: MESSAGES }, (_, i) => capture[i % capture.length]!)
  const input = await ceilometer.open(testContext({}))
  const { output } = await openPage()
  let samples = 0
  let rejected = 0
  const decodeAndStore = async (): Promise<void> => {
    for (let from = 0; from < MESSAGES; from += BURST) {
      const sink = new BatchSink()
      for (const message of messages.slice(from, from + BURST)) input.decode!(message, sink)
      const batch = sink.metrics()
      samples += batch.length
      rejected += sink.rejected
      await output.write(batch)
    }
  }
  const parseNs: number[] = []
  const wholeNs: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const parse = await cpuOf(() => parseTwice(messages))
    const whole = await cpuOf(decodeAndStore)
    if (round === 0) continue
    parseNs.push(parse / MESSAGES)
    wholeNs.push(whole / MESSAGES)
  }
  await output.stop?.()
  const each = samples / (MESSAGES * (ROUNDS + 1))
  return [
    {
      name: 'ceilometer decode + map + store, of the rate of its two JSON.parse calls alone',
      value: median(wholeNs.map((ns, i) => (parseNs[i]! / ns) * 100)),
      unit: '%',
      target: { atLeast: 60 },
      detail: `CPU ns a message: two JSON.parse ${spread(parseNs)}, whole ${spread(wholeNs)}; ${each.toFixed(2)} samples a message, ${rejected} rejected`,
    },
  ]
}

function parseTwice(messages: readonly Message[]): void {
  for (const { body } of messages) {
    const envelope = JSON.parse(body.toString()) as { 'oslo.message': string }
    JSON.parse(envelope['oslo.message'])
  }
}
