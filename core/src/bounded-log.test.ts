import { expect, test } from 'vitest'
import type { Logger } from '@smart-gateway/sdk'
import { boundedLog } from './bounded-log.ts'

function recorder() {
  const lines: string[] = []
  const write = (first: object | string, message?: string): void =>
    void lines.push(typeof first === 'string' ? first : `${JSON.stringify(first)} ${message}`)
  return { lines, log: { debug: write, info: write, warn: write, error: write } as Logger }
}

test('a plugin that floods the log writes 1000 lines, then 100 in a second; what was left out is told', () => {
  const { lines, log } = recorder()
  let nowMs = 0
  const bounded = boundedLog(log, () => nowMs)
  for (let i = 0; i < 5000; i++) bounded.error({ i }, 'again')
  expect(lines).toHaveLength(1000)
  expect(lines[999]).toBe('{"i":999} again')
  nowMs = 1000
  for (let i = 0; i < 5000; i++) bounded.info('again')
  expect(lines).toHaveLength(1101)
  expect(lines[1000]).toBe('4000 further lines were left out: a plugin may write 100 in a second')
})
