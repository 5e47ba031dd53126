import { join } from 'node:path'

/** A recording has no peer that could be watched. */
export default {
  subscription: { file: join(import.meta.dirname, '../samples/collectd.jsonl'), speed: 0 },
}
