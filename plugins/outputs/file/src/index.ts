import { defineOutput, retryable } from '@smart-gateway/sdk'
import type { Health } from '@smart-gateway/sdk'
import { openFile } from './file.ts'
import { lineWriter } from './lines.ts'
import { openStdout } from './stdout.ts'

export default defineOutput({
  name: 'file',
  signals: ['metric', 'event', 'log'],
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        minLength: 1,
        description:
          'The file that lines are appended to, made with its folders when missing; "-" is stdout.',
      },
      fsync: {
        enum: ['batch', 'never'],
        default: 'batch',
        description:
          'batch: a batch is accepted when it is on the disk. never: when the operating system has it; a power failure loses what it had not written yet.',
      },
    },
  },
  async open({ options, resolvePath, signal }) {
    const target =
      options.path === '-'
        ? openStdout(signal)
        : await openFile(resolvePath(options.path), options.fsync === 'batch')
    const toLines = lineWriter()
    let health: Health = { state: 'ready' }
    let writing = Promise.resolve()
    let stopping: Promise<void> | undefined

    const append = async (bytes: Buffer): Promise<void> => {
      try {
        await target.append(bytes)
        health = { state: 'ready' }
      } catch (error) {
        health = { state: 'degraded', reason: (error as Error).message }
        throw error
      }
    }

    return {
      address: options.path === '-' ? 'stdout' : resolvePath(options.path),
      async write(batch) {
        if (stopping) throw retryable('This output has stopped')
        const { bytes, rejected } = toLines(batch)
        if (bytes.length > 0) await (writing = append(bytes))
        return rejected.length > 0 ? { rejected } : undefined
      },
      health: () => health,
      stop: () => (stopping ??= writing.catch(() => undefined).then(() => target.close())),
    }
  },
})
