import { defineOutput } from '@smart-gateway/sdk'
import { optionsSchema } from './options.ts'
import { openSession } from './session.ts'

export default defineOutput({
  name: 'elasticsearch',
  signals: ['event', 'log'],
  options: optionsSchema,
  open: openSession,
})
