import type { Reporter, TestModule } from 'vitest/node'
import { installCommand } from './installed.ts'
import type { Peer } from './installed.ts'

/** A reporter that says in one line which tests were skipped for want of real peers, and how to have them. */
export default class PeerNotice implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const notice = noticeOf(modules)
    if (notice !== undefined) process.stdout.write(`\n${notice}\n`)
  }
}

/** The line, or undefined when nothing was skipped for that reason. */
export function noticeOf(
  modules: readonly Pick<TestModule, 'relativeModuleId' | 'children'>[],
): string | undefined {
  const missing = new Set<Peer>()
  const files = new Set<string>()
  let tests = 0
  for (const module of modules) {
    for (const suite of module.children.allSuites()) {
      const { missingPeers } = suite.meta()
      if (missingPeers === undefined) continue
      for (const peer of missingPeers) missing.add(peer)
      files.add(module.relativeModuleId)
      tests += [...suite.children.allTests()].length
    }
  }
  if (tests === 0) return undefined
  return `Skipped ${tests} tests (${[...files].join(', ')}): they need ${[...missing].join(', ')}. To have them: ${installCommand(missing)}`
}
