import { closeSync, openSync, writeSync } from 'node:fs'

/**
 * Appends what it is given to a file: for each sample its value, its time and when it was written, as doubles. Plain JavaScript, as strangers
 * write it. It waits for the page cache: to hand each small write to another thread would wake two for it, and a run measures the gateway.
 */
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
  open({ options, resolvePath }) {
    const file = openSync(resolvePath(options.path), 'a')
    return {
      write({ length, values, times }) {
        const entries = new Float64Array(3 * length)
        const nowMs = performance.timeOrigin + performance.now()
        for (let i = 0; i < length; i++) entries.set([values[i], times[i], nowMs], 3 * i)
        writeSync(file, Buffer.from(entries.buffer))
      },
      stop: () => closeSync(file),
    }
  },
}
