import { stat } from 'node:fs/promises'
import { connect } from 'amqplib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRabbitMq } from './rabbitmq.ts'
import type { RabbitMq } from './rabbitmq.ts'
import { describeWith } from './suite.ts'
import { until } from './until.ts'

describeWith(['rabbitmq'], 'a RabbitMQ for tests', () => {
  let broker: RabbitMq

  beforeAll(async () => {
    broker = await startRabbitMq()
  }, 90_000)
  afterAll(() => broker.stop())

  test('keeps what is durable when it is halted and started again', { timeout: 90_000 }, async () => {
    const before = await connect(broker.url)
    before.on('error', () => undefined)
    const writer = await before.createConfirmChannel()
    await writer.assertQueue('kept', { durable: true })
    writer.sendToQueue('kept', Buffer.from('still here'), { persistent: true })
    await writer.waitForConfirms()

    await broker.halt()
    await expect(connect(broker.url)).rejects.toThrow('ECONNREFUSED')
    await broker.restart()

    const after = await connect(broker.url)
    const reader = await after.createChannel()
    const message = await until('the message', () => reader.get('kept', { noAck: true }))
    expect(message.content.toString()).toBe('still here')
    await after.close()
  })

  test('leaves no process and no folder', { timeout: 90_000 }, async () => {
    await broker.stop()
    await expect(connect(broker.url)).rejects.toThrow('ECONNREFUSED')
    await expect(stat(broker.folder)).rejects.toThrow('ENOENT')
  })
})
