import { defineTransport, permanent } from '@smart-gateway/sdk'
import { player } from './player.ts'
import { checkRecording } from './recording.ts'

export default defineTransport({
  name: 'replay',
  redelivers: true,
  options: { type: 'object', additionalProperties: false, properties: {} },
  subscription: {
    type: 'object',
    additionalProperties: false,
    required: ['file'],
    properties: {
      file: { type: 'string', minLength: 1, description: 'The recording, one message per line.' },
      format: {
        enum: ['envelope', 'body'],
        default: 'envelope',
        description:
          'What a line is: an envelope {"body": "…", "t": 1500, "contentType": "…"} with t in ms since the recording began, or one message body.',
      },
      speed: {
        type: 'number',
        minimum: 0,
        default: 1,
        description: 'Factor on the recorded pace: 2 is twice as fast, 0 as fast as the gateway takes it.',
      },
      rate: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 100,
        description: 'Messages per second where the recording has no t.',
      },
      loop: { type: 'boolean', default: false, description: 'Begin again at the end, for ever.' },
      follow: {
        type: 'boolean',
        default: false,
        description: 'Go on at the end with what is appended; not together with "loop".',
      },
      inFlight: {
        type: 'integer',
        minimum: 1,
        default: 1000,
        description: 'Most messages that wait for their acknowledgement at once.',
      },
    },
  },
  open(context) {
    const skippedLines = context.metrics.counter(
      'replay_skipped_lines_total',
      'Lines of a recording that are no message.',
    )
    const playing = new Set<() => Promise<void>>()
    return {
      async subscribe(options, intake, { log }) {
        const file = context.resolvePath(options.file)
        if (options.loop && options.follow)
          throw permanent(
            'Both "loop" and "follow" are given, and a file that is followed has no end. Leave one of them out.',
          )
        await checkRecording(file, options.follow)
        const { start, stop } = player({ ...options, file }, intake, log, skippedLines)
        playing.add(stop)
        return {
          address: file,
          start,
          async stop() {
            await stop()
            playing.delete(stop)
          },
        }
      },
      async stop() {
        await Promise.all(Array.from(playing, (stop) => stop()))
      },
    }
  },
})
