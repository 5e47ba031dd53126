import { defineInput } from '@smart-gateway/sdk'
import { decodeMessage } from './message.ts'

export default defineInput({
  name: 'collectd',
  signals: ['metric', 'event'],
  options: { type: 'object', additionalProperties: false, properties: {} },
  example: {
    contentType: 'application/json',
    body: '[{"values":[42],"dstypes":["gauge"],"dsnames":["value"],"interval":10,"host":"example","plugin":"cpu","plugin_instance":"0","type":"percent","type_instance":"user"}]',
  },
  open: ({ series }) => ({
    decode(message, out) {
      decodeMessage(message.body, series, out)
    },
  }),
})
