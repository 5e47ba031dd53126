import { defineInput } from '@smart-gateway/sdk'
import { logReader } from './log.ts'
import { decodeMessage } from './message.ts'

export default defineInput({
  name: 'logs',
  signals: ['log'],
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      messageField: {
        type: 'string',
        minLength: 1,
        default: 'message',
        description: 'The field that holds the text of the line.',
      },
      timestampField: {
        type: 'string',
        minLength: 1,
        default: '@timestamp',
        description: 'The field that holds the time.',
      },
      hostnameField: {
        type: 'string',
        minLength: 1,
        default: 'host',
        description: 'The field that holds the host that wrote the line.',
      },
      severityField: {
        type: 'string',
        minLength: 1,
        default: 'severity',
        description: 'The field that holds the syslog severity, as a digit or a name.',
      },
      correctSeverity: {
        type: 'boolean',
        default: false,
        description:
          'Whether a severity that is named in the first 10 words of the text replaces that of the field.',
      },
      indexPrefix: {
        type: 'string',
        minLength: 1,
        default: 'sglogs',
        description: 'What the name of every index begins with.',
      },
    },
  },
  example: {
    contentType: 'application/json',
    body: '{"@timestamp":"2026-11-20T09:50:00.123456Z","host":"example","severity":"6","facility":"daemon","tag":"haproxy[4242]","source":"haproxy","message":"Connect from 192.0.2.7"}',
  },
  open({ options }) {
    const readLog = logReader(options)
    return {
      decode(message, out) {
        decodeMessage(message.body, readLog, out)
      },
    }
  },
})
