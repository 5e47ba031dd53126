import { defineTransport } from '@smart-gateway/sdk'
import { connectionSchema, subscriptionSchema } from './options.ts'
import { openSession } from './session.ts'

export default defineTransport({
  name: 'amqp',
  redelivers: true,
  options: connectionSchema,
  subscription: subscriptionSchema,
  open: openSession,
})
