import { defineFilter } from '@smart-gateway/sdk'
import { clip } from './clip.ts'
import { rangesOf } from './ranges.ts'

export default defineFilter({
  name: 'clip',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      rules: {
        type: 'array',
        default: [],
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['match'],
          // A rule without an end would be a slip of the pen.
          minProperties: 2,
          properties: {
            match: {
              type: 'string',
              minLength: 1,
              description: 'Names of metrics: * stands for any characters, ? for one.',
            },
            min: { type: 'number', description: 'The least value that stays.' },
            max: { type: 'number', description: 'The greatest value that stays.' },
          },
        },
        description: 'Which values stay; the first rule that matches a name holds for it.',
      },
    },
  },
  open({ options }) {
    const rangeOf = rangesOf(options.rules)
    return { apply: (batch) => (batch.signal === 'metric' ? clip(batch, rangeOf) : batch) }
  },
})
