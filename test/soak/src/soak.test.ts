import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { startRabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import type { RabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import { describeWith } from '../../e2e/src/peers/suite.ts'
import { play } from './play.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

const seed = Math.floor(Math.random() * 2 ** 32)

describeWith(['rabbitmq'], `swapped again and again under load (seed ${seed})`, () => {
  let broker: RabbitMq

  beforeAll(async () => {
    broker = await startRabbitMq()
  }, 90_000)

  afterAll(() => broker?.stop())

  // How fast it is says nothing on a machine that other tests use too: targets of speed are for `npm run soak`.
  const soak = async (scenario: Scenario): Promise<void> => {
    const { flaws } = await play(scenario, { broker, full: false, random: seededRandom(seed) })
    expect(flaws).toEqual([])
  }

  test.each(SCENARIOS.filter((one) => !isMemory(one)))(
    '$name: nothing is lost, double or disturbed',
    { timeout: 300_000 },
    soak,
  )

  test.each(SCENARIOS.filter(isMemory))(
    'F7: $name: what was swapped out is let go of',
    { timeout: 300_000 },
    soak,
  )
})

function isMemory({ name }: Scenario): boolean {
  return name.startsWith('memory')
}
