/** The thread of a generator: what it publishes is on time whatever else the run does. */
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { connect } from 'amqplib'
import { until } from '../../e2e/src/peers/until.ts'
import type { GeneratorData, GeneratorNote } from './generator.ts'
import { listOf } from './list.ts'

const TICK_MS = 5
const CONFIRM_DEADLINE_MS = 30_000

const { url, queue, perSecond } = workerData as GeneratorData
const tell = (note: GeneratorNote): void => parentPort!.postMessage(note, [])
let sent = 0
let confirmed = 0
let failure: unknown
let stopped = false
parentPort!.on('message', () => (stopped = true))

const model = await connect(url)
const channel = await model.createConfirmChannel()
for (const one of [model, channel]) one.on('error', (error) => (failure ??= error))
tell('started')
const onConfirm = (error: unknown): void => {
  if (error === null) confirmed++
  else failure ??= error
}
const startMs = performance.now()
while (!stopped && failure === undefined) {
  const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond)
  for (; sent < due; sent++) {
    const body = JSON.stringify([listOf(sent, performance.timeOrigin + performance.now())])
    channel.sendToQueue(queue, Buffer.from(body), { contentType: 'application/json' }, onConfirm)
  }
  await delay(TICK_MS)
}
await until('all to be confirmed', () => failure ?? confirmed === sent, CONFIRM_DEADLINE_MS)
await model.close()
if (failure !== undefined) throw failure
tell({ confirmed })
parentPort!.close()
