import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from '@smart-gateway/sdk'

const FIXTURES = join(import.meta.dirname, '../../fixtures')

/** The messages that a real collectd sent over AMQP: one value list each. */
export function collectdMessages(): readonly Message[] {
  return readFileSync(join(FIXTURES, 'collectd/amqp-json.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const { body, properties } = JSON.parse(line) as { body: string; properties: { contentType: string } }
      return { body: Buffer.from(body), contentType: properties.contentType }
    })
}
