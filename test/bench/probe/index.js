// JavaScript, as plugins are published: of TypeScript Node would strip the types at every import.
import collectd from '@smart-gateway/input-collectd'

/** The real decoder of collectd; its address is the moment at which it was open. */
export default {
  ...collectd,
  async open(context) {
    const session = await collectd.open(context)
    return { ...session, address: String(performance.timeOrigin + performance.now()) }
  },
}
