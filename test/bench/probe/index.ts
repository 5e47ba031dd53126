import collectd from '@smart-gateway/input-collectd'
import type { InputContext } from '@smart-gateway/sdk'

/** The real decoder of collectd; its address is the moment at which it was open. */
export default {
  ...collectd,
  async open(context: InputContext<object>) {
    const session = await collectd.open(context)
    return { ...session, address: String(performance.timeOrigin + performance.now()) }
  },
}
