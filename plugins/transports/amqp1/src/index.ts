import { defineTransport } from '@smart-gateway/sdk'
import { transportSchema, subscriptionSchema } from './options.ts'
import { openSession } from './session.ts'

export default defineTransport({
  name: 'amqp1',
  redelivers: true,
  options: transportSchema,
  subscription: subscriptionSchema,
  open: openSession,
})
