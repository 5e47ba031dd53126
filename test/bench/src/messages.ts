import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from '@smart-gateway/sdk'

const FIXTURES = join(import.meta.dirname, '../../fixtures')

/** The messages that a real collectd sent over AMQP: one value list each. */
export const collectdMessages = (): readonly Message[] => captured('collectd/amqp-json.jsonl')

/** The notifications that a real collectd sent over AMQP 1.0. */
export const notificationMessages = (): readonly Message[] => captured('collectd/amqp1-notify.jsonl')

/** The samples that a real ceilometer sent through RabbitMQ: about 3.5 and 5.5 KB a message. */
export const meteringMessages = (): readonly Message[] => captured('ceilometer/notifier-metering.jsonl')

/** The events that a real ceilometer sent through RabbitMQ. */
export const eventMessages = (): readonly Message[] => captured('ceilometer/notifier-event.jsonl')

/** The lines that a real rsyslog wrote with a JSON template, one a message. */
export const logMessages = (): readonly Message[] =>
  linesOf('logs/rsyslog-json-template.jsonl').map((line) => ({ body: Buffer.from(line) }))

function captured(file: string): readonly Message[] {
  return linesOf(file).map((line) => {
    const { body } = JSON.parse(line) as { body: string }
    return { body: Buffer.from(body), contentType: 'application/json' }
  })
}

function linesOf(file: string): string[] {
  return readFileSync(join(FIXTURES, file), 'utf8').trim().split('\n')
}
