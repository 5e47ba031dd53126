import { open } from 'node:fs/promises'

/** Appends what it is given to a file: for each sample its value, its time and when it was written, as doubles. Plain JavaScript, as strangers write it. */
export default {
  api: 1,
  kind: 'output',
  name: 'ledger',
  signals: ['metric'],
  options: {
    type: 'object',
    properties: { path: { type: 'string' } },
    required: ['path'],
    additionalProperties: false,
  },
  async open({ options, resolvePath }) {
    const file = await open(resolvePath(options.path), 'a')
    return {
      async write({ length, values, times }) {
        const entries = new Float64Array(3 * length)
        const nowMs = performance.timeOrigin + performance.now()
        for (let i = 0; i < length; i++) entries.set([values[i], times[i], nowMs], 3 * i)
        await file.appendFile(Buffer.from(entries.buffer))
      },
      stop: () => file.close(),
    }
  },
}
