import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { metricsOf } from './plugin-metrics.ts'

test('metrics are prefixed, carry the component, and outlive a generation', async () => {
  const registry = new Registry()
  for (let generation = 0; generation < 2; generation++) {
    metricsOf(registry, 'a').counter('things_total', 'Things.', ['kind']).inc(2, { kind: 'x' })
    metricsOf(registry, 'a').gauge('lag_seconds', 'Lag.').set(generation)
  }
  metricsOf(registry, 'b').counter('things_total', 'Things.', ['kind']).inc(1, { kind: 'x' })
  const text = await registry.metrics()
  expect(text).toContain('smart_gateway_things_total{kind="x",component="a"} 4')
  expect(text).toContain('smart_gateway_things_total{kind="x",component="b"} 1')
  expect(text).toContain('smart_gateway_lag_seconds{component="a"} 1')
})

test('a name that is taken by another type or with other labels is refused', () => {
  const metrics = metricsOf(new Registry(), 'a')
  metrics.counter('x_total', 'X.', ['kind'])
  const refusal =
    'the metric smart_gateway_x_total exists already with another type or other labels; choose another name'
  expect(() => metrics.gauge('x_total', 'X.', ['kind'])).toThrow(refusal)
  expect(() => metrics.counter('x_total', 'X.')).toThrow(refusal)
})

test('a plugin cannot count under the name of another', async () => {
  const registry = new Registry()
  metricsOf(registry, 'a').counter('x_total', 'X.').inc(1, { component: 'b' })
  expect(await registry.metrics()).toContain('smart_gateway_x_total{component="a"} 1')
})
