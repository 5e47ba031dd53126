import { createRequire } from 'node:module'
import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import type PinoPretty from 'pino-pretty'
import type { Scrubber } from './config/secrets.ts'

/** How the gateway logs. */
export interface LogOptions {
  readonly level: string
  readonly name: string
  readonly scrubber: Scrubber
  /** Told of every logger that is made from it. */
  readonly onChild?: (child: Logger) => void
  /** Lines for people instead of JSON; default: when the stream is a terminal. */
  readonly readable?: boolean
  /** Default: standard error. */
  readonly stream?: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

/** Makes the root logger: JSON lines, or readable ones on a terminal. No secret passes it. */
export function createLogger({
  level,
  name,
  scrubber,
  onChild = () => {},
  stream = process.stderr,
  readable = stream.isTTY === true,
}: LogOptions): Logger {
  const target: DestinationStream = readable ? prettyStream(stream) : stream
  const scrubbed: DestinationStream = { write: (line) => void target.write(scrubber.scrub(line)) }
  return pino(
    {
      level,
      name,
      base: { name },
      onChild,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    scrubbed,
  )
}

// Loaded only where it is needed: a service writes JSON, and need not wait for its forty modules.
function prettyStream(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }): DestinationStream {
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty
  return pretty({ destination: stream, ignore: 'pid,hostname,name', colorize: stream.isTTY === true })
}
