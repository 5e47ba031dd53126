import { defineOutput } from '@smart-gateway/sdk'
import { optionsSchema } from './options.ts'
import { openSession } from './session.ts'

export default defineOutput({
  name: 'loki',
  signals: ['log', 'event', 'metric'],
  signalsOnRequest: ['metric'],
  options: optionsSchema,
  open: openSession,
})
