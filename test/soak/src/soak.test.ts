import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { startRabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import type { RabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import { describeWith } from '../../e2e/src/peers/suite.ts'
import { play } from './play.ts'
import { SCENARIOS } from './scenarios.ts'

const seed = Math.floor(Math.random() * 2 ** 32)

describeWith(['rabbitmq'], `swapped again and again under load (seed ${seed})`, () => {
  let broker: RabbitMq

  beforeAll(async () => {
    broker = await startRabbitMq()
  }, 90_000)

  afterAll(() => broker?.stop())

  // How fast it is says nothing on a machine that other tests use too: targets of speed are for `npm run soak`.
  test.each(SCENARIOS)(
    '$name: nothing is lost, double or disturbed',
    { timeout: 300_000 },
    async (scenario) => {
      const { flaws } = await play(scenario, { broker, full: false, random: seededRandom(seed) })
      expect(flaws).toEqual([])
    },
  )
})
