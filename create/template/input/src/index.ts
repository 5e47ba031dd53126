import { defineInput } from '@smart-gateway/sdk'
import { elementsOf } from './elements.ts'
import { seriesFinder } from './series.ts'

export default defineInput({
  name: 'my-plugin',
  signals: ['metric'],
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      prefix: {
        type: 'string',
        default: '',
        description: 'What the name of every metric begins with.',
      },
    },
  },
  example: {
    contentType: 'application/json',
    body: '{"name":"temperature_celsius","labels":{"room":"kitchen"},"value":21.5,"timeMs":1795173131635}',
  },
  open({ options, series }) {
    const seriesOf = seriesFinder(series, options.prefix)
    return {
      // Thrown: the whole message is refused. Rejected: one element is, and the others go on.
      decode(message, out) {
        const elements = elementsOf(message.body)
        for (let i = 0; i < elements.length; i++) {
          const { name, labels = {}, value, timeMs = 0 } = elements[i]!
          const found = seriesOf(name, labels)
          if (found === undefined) out.reject(`element ${i} has no name, or labels that are not text`)
          else if (typeof value !== 'number') out.reject(`element ${i} has no value that is a number`)
          else if (!isTime(timeMs)) out.reject(`element ${i} has a time that is none`)
          else out.sample(found, value, timeMs)
        }
      },
    }
  },
})

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
