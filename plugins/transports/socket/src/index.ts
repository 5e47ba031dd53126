import { defineTransport } from '@smart-gateway/sdk'
import { optionsSchema, subscriptionSchema } from './options.ts'
import { openSession } from './session.ts'

export default defineTransport({
  name: 'socket',
  redelivers: false,
  options: optionsSchema,
  subscription: subscriptionSchema,
  open: openSession,
})
