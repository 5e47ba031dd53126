/** So many hosts report: a store of metrics has that many series. */
const HOSTS = 100

/** A value list as collectd's write_http and amqp1 make it, whose value is a number of the ledger. */
export function listOf(id: number, timeMs: number, host = `host-${id % HOSTS}`): object {
  return {
    values: [id],
    dstypes: ['gauge'],
    dsnames: ['value'],
    time: timeMs / 1000,
    interval: 3600,
    host,
    plugin: 'soak',
    plugin_instance: '',
    type: 'gauge',
    type_instance: 'id',
  }
}
