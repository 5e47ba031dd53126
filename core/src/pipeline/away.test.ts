import { expect, test } from 'vitest'
import { Away } from './away.ts'
import type { DecodeMany } from './away.ts'
import { decodeEach } from './decode-each.ts'
import { Delivery } from './delivery.ts'
import { Sink } from './sink.ts'

test('the first batch for a decoder is small, each further one may have twice as many messages', async () => {
  const away = new Away()
  const sink = new Sink()
  const decodeMany: DecodeMany = (messages) => Promise.resolve(decodeEach(messages, 0, () => undefined, sink))
  const sizes = async (waiting: Delivery[]): Promise<readonly number[]> => {
    const sent: number[] = []
    while (waiting.length > 0) {
      const back = await away.send(waiting, decodeMany)
      sent.push(back.kind === 'decoded' ? back.deliveries.length : 0)
    }
    return sent
  }
  expect(await sizes(deliveries(3000))).toEqual([100, 200, 400, 800, 1000, 500])
  away.beginSmall()
  expect(await sizes(deliveries(150))).toEqual([100, 50])
  expect(await sizes(deliveries(1000))).toEqual([400, 600])
})

function deliveries(count: number): Delivery[] {
  const nobody = { settled: () => undefined }
  const message = { body: Buffer.from('x') }
  return Array.from(
    { length: count },
    () =>
      new Delivery(
        message,
        nobody,
        () => undefined,
        () => undefined,
      ),
  )
}
