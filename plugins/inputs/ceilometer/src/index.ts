import { defineInput } from '@smart-gateway/sdk'
import { decodeMessage } from './message.ts'

export default defineInput({
  name: 'ceilometer',
  signals: ['metric', 'event'],
  options: { type: 'object', additionalProperties: false, properties: {} },
  example: {
    contentType: 'application/json',
    body: String.raw`{"oslo.version":"2.0","oslo.message":"{\"message_id\":\"example-1\",\"publisher_id\":\"telemetry.publisher.example\",\"event_type\":\"metering\",\"priority\":\"SAMPLE\",\"payload\":[{\"counter_name\":\"memory.usage\",\"counter_type\":\"gauge\",\"counter_unit\":\"MB\",\"counter_volume\":512,\"user_id\":\"example-user\",\"project_id\":\"example-project\",\"resource_id\":\"example-vm\",\"resource_metadata\":{\"display_name\":\"vm-1\",\"host\":\"compute-0\"}}]}"}`,
  },
  open: ({ series }) => ({
    decode(message, out) {
      decodeMessage(message.body, series, out)
    },
  }),
})
