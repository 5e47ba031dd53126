import { defineOutput } from '@smart-gateway/sdk'
import { jsonEncoder } from '@smart-gateway/sdk/encode/json'

/** Where what comes out of an input, a filter or a transport is seen: a line of JSON for each record, on standard output. */
export default defineOutput({
  name: 'show',
  signals: ['metric', 'event', 'log'],
  options: { type: 'object', additionalProperties: false, properties: {} },
  open() {
    const encode = jsonEncoder({ nonFinite: 'text' })
    return {
      address: 'stdout',
      async write(batch) {
        let lines = ''
        for (let i = 0; i < batch.length; i++) lines += `${encode(batch, i)}\n`
        process.stdout.write(lines)
      },
    }
  },
})
