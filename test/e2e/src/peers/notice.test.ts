import { expect, test } from 'vitest'
import { noticeOf } from './notice.ts'

type Modules = Parameters<typeof noticeOf>[0]

function moduleWith(name: string, ...suites: { missingPeers?: string[]; tests: number }[]): Modules[number] {
  const children = suites.map(({ tests, ...meta }) => ({
    meta: () => meta,
    children: { allTests: () => Array.from({ length: tests }).values() },
  }))
  return {
    relativeModuleId: name,
    children: { allSuites: () => children.values() },
  } as unknown as Modules[number]
}

test('nothing is said when nothing is missing', () => {
  expect(noticeOf([moduleWith('a.test.ts', { tests: 3 })])).toBeUndefined()
})

test('one line says how many tests were skipped, which peers they need and how to have those', () => {
  const modules = [
    moduleWith('a.test.ts', { tests: 3 }, { missingPeers: ['rabbitmq'], tests: 2 }),
    moduleWith('b.test.ts', { missingPeers: ['rabbitmq', 'prometheus'], tests: 1 }),
  ]
  expect(noticeOf(modules)).toBe(
    'Skipped 3 tests (a.test.ts, b.test.ts): they need rabbitmq, prometheus. ' +
      'To have them: apt-get install --no-install-recommends rabbitmq-server prometheus',
  )
})
