import { expect, test } from 'vitest'
import { recordingLog } from '../testing/log-lines.ts'
import { InlineCode } from './inline-code.ts'

test('code that stays in memory is counted by folder; at every hundred it is said, with what to do', () => {
  const { log, lines } = recordingLog()
  const code = new InlineCode(log)
  for (let i = 0; i < 250; i++) {
    code.took(`/code/${i}`, 'x')
    code.took(`/code/${i}`, 'x')
  }
  expect(code.size).toBe(250)
  expect(lines.map(({ level, component, msg }) => [level, component, msg.split(' were')[0]])).toEqual([
    ['warn', 'x', '100 generations'],
    ['warn', 'x', '200 generations'],
  ])
  expect(lines[0]!.msg).toContain('isolation: worker')
})
