import { inspect } from 'node:util'
import type { Logger } from '@smart-gateway/sdk'

/** A logger that keeps its lines as texts, everything that is in them included. */
export function keepingLogger(lines: string[]): Logger {
  const at =
    (level: string) =>
    (first: string | object, message?: string): void => {
      const fields = typeof first === 'string' ? '' : ` ${inspect(first, { depth: 6 })}`
      lines.push(`${level}: ${typeof first === 'string' ? first : String(message)}${fields}`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
