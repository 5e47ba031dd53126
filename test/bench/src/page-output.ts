import prometheus from '@smart-gateway/output-prometheus'
import { testContext } from '@smart-gateway/sdk/testing'

/** A Prometheus output without a gateway, and the context that holds its page's handler. */
export async function openPage() {
  const context = testContext({
    host: '127.0.0.1',
    port: 0,
    path: '/metrics',
    timestamps: false,
    expireIntervals: 5,
    expireAfterMs: 300_000,
    maxSeries: 200_000,
  })
  return { context, output: await prometheus.open(context) }
}
