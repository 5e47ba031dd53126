import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Metrics } from '@smart-gateway/sdk'

const PREFIX = 'smart_gateway_'

/** The metrics of one instance in the gateway's registry: they belong to its name and outlive its generations. */
export function metricsOf(registry: Registry, component: string): Metrics {
  return {
    counter(name, help, labelNames = []) {
      const metric =
        known(registry, PREFIX + name, Counter, labelNames) ??
        new Counter({ ...describe(name, help, labelNames), registers: [registry] })
      return { inc: (by = 1, labels = {}) => metric.inc({ ...labels, component }, by) }
    },
    gauge(name, help, labelNames = []) {
      const metric =
        known(registry, PREFIX + name, Gauge, labelNames) ??
        new Gauge({ ...describe(name, help, labelNames), registers: [registry] })
      return { set: (value, labels = {}) => metric.set({ ...labels, component }, value) }
    },
  }
}

/** Takes what an instance has measured out of the gateway's registry: it is no more. */
export async function forgetMetrics(registry: Registry, component: string): Promise<void> {
  for (const metric of registry.getMetricsAsArray()) {
    if (!(metric instanceof Counter) && !(metric instanceof Gauge)) continue
    const { values } = await metric.get()
    for (const { labels } of values) if (labels['component'] === component) metric.remove(labels)
  }
}

function describe(name: string, help: string, labelNames: readonly string[]) {
  return { name: PREFIX + name, help, labelNames: ['component', ...labelNames] }
}

function known<M extends Counter | Gauge>(
  registry: Registry,
  name: string,
  type: abstract new (...args: never[]) => M,
  labelNames: readonly string[],
): M | undefined {
  const metric: unknown = registry.getSingleMetric(name)
  if (metric === undefined) return undefined
  const { labelNames: names } = metric as { labelNames: readonly string[] }
  if (!(metric instanceof type) || names.join() !== ['component', ...labelNames].join()) {
    throw new Error(
      `the metric ${name} exists already with another type or other labels; choose another name`,
    )
  }
  return metric
}
