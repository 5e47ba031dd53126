import { defineOutput, permanent, retryable } from '@smart-gateway/sdk'
import type { Health } from '@smart-gateway/sdk'
import { openFile } from './file.ts'
import { lineWriter } from './lines.ts'
import { MOST_KEPT } from './rotation.ts'
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
      rotate: {
        type: 'object',
        additionalProperties: false,
        required: ['maxBytes'],
        properties: {
          maxBytes: {
            type: 'integer',
            minimum: 1,
            description:
              'Bytes that the file holds at most; a batch that would make it larger goes to a new one.',
          },
          keep: {
            type: 'integer',
            minimum: 1,
            maximum: MOST_KEPT,
            default: 5,
            description:
              'Rotated files that are kept, beside the one that is written; older ones are removed.',
          },
        },
        description: 'Rotates the file by its size to `<path>.1`, `<path>.2` and so on, .1 being the newest.',
      },
    },
  },
  async open({ options, log, resolvePath, signal }) {
    if (options.path === '-' && options.rotate)
      throw permanent('"rotate" is given, but stdout cannot be rotated. Leave it out.')
    const target =
      options.path === '-'
        ? openStdout(signal)
        : await openFile(resolvePath(options.path), {
            sync: options.fsync === 'batch',
            rotation: options.rotate,
          })
    const toLines = lineWriter()
    const rehearsed = lineWriter()
    let health: Health = { state: 'ready' }
    let trouble: string | undefined
    let writing = Promise.resolve()
    let stopping: Promise<void> | undefined

    const append = async (bytes: Buffer): Promise<void> => {
      try {
        await target.append(bytes)
        const before = trouble
        trouble = target.trouble?.()
        if (trouble !== undefined && trouble !== before) log.warn(trouble)
        health = trouble === undefined ? { state: 'ready' } : { state: 'degraded', reason: trouble }
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
      rehearse: (batch) => ({ rejected: rehearsed(batch).rejected }),
      health: () => health,
      stop: () => (stopping ??= writing.catch(() => undefined).then(() => target.close())),
    }
  },
})
