import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import type { RabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import { describeWith } from '../../e2e/src/peers/suite.ts'
import { play } from './play.ts'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { SHORT } from './scenarios.ts'

const seed = Math.floor(Math.random() * 2 ** 32)

describeWith(['rabbitmq'], `nothing is lost (seed ${seed})`, () => {
  let broker: RabbitMq

  beforeAll(async () => {
    broker = await startRabbitMq()
  }, 90_000)

  afterAll(() => broker?.stop())

  test.each(SHORT)('$name', { timeout: 120_000 }, async (scenario) => {
    const { flaws } = await play(scenario, { broker, full: false, random: seededRandom(seed) })
    expect(flaws).toEqual([])
  })
})
