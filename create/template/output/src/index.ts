import { appendFile } from 'node:fs/promises'
import { defineOutput } from '@smart-gateway/sdk'
import { lineWriter } from './lines.ts'

export default defineOutput({
  name: 'my-plugin',
  signals: ['metric', 'event', 'log'],
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      path: {
        type: 'string',
        minLength: 1,
        default: './my-plugin.ndjson',
        description: 'The file to which each record is appended as one line of JSON.',
      },
    },
  },
  open({ options, resolvePath }) {
    const path = resolvePath(options.path)
    const toLines = lineWriter()
    let writing: Promise<void> = Promise.resolve()
    return {
      address: path,
      async write(batch) {
        const { text, rejected } = toLines(batch)
        // Resolved means that the store has it: here, that it is on the disk. What is thrown is tried again by the gateway.
        await (writing = appendFile(path, text, { flush: true }))
        return rejected.length > 0 ? { rejected } : undefined
      },
      stop: () => writing.catch(() => undefined),
    }
  },
})
