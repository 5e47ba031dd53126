import { defineInput } from '@smart-gateway/sdk'

/** What `smart-gateway dev` puts behind a transport: each message is one log line. */
export default defineInput({
  name: 'text',
  signals: ['log'],
  options: { type: 'object', additionalProperties: false, properties: {} },
  open: () => ({
    decode({ body, contentType, address = 'unknown', headers }, out) {
      out.log({
        index: 'messages',
        timeMs: 0,
        severity: 'unknown',
        publisher: address,
        labels: {
          ...(contentType !== undefined && { contentType }),
          ...(headers !== undefined && { headers }),
        },
        message: body.toString(),
      })
    },
  }),
})
