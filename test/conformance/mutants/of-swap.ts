import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Outputs that stand in the way of the next generation, or leave it something else than they have. */
export const OF_SWAP: readonly Mutant[] = [
  {
    does: 'can be open only once',
    base: 'output',
    changes: [
      code(
        '    const agent = new Agent',
        "    if (isOpen) throw failure('it is open already', true)\n    isOpen = true\n    const agent = new Agent",
      ),
      code(
        '      agent.destroy()\n      throw error',
        '      agent.destroy()\n      isOpen = false\n      throw error',
      ),
      code('writing.then(() => agent.destroy())', 'writing.then(() => ((isOpen = false), agent.destroy()))'),
      code('function linesOf(batch) {', 'let isOpen = false\n\nfunction linesOf(batch) {'),
    ],
    fails: [
      'lifecycle.two-instances',
      'swap.beside',
      'swap.aborted',
      'swap.under-load',
      'swap.state',
      'swap.unknown-state',
      'swap.follow',
    ],
  },
  {
    does: 'stops its predecessor when it stops',
    base: 'output',
    changes: [
      code('if (stopping) throw', 'if (stopping || halted) throw'),
      code('    const agent = new Agent', '    halted = false\n    const agent = new Agent'),
      code('stopping ??= writing', 'halted = true\n        stopping ??= writing'),
      code('function linesOf(batch) {', 'let halted = false\n\nfunction linesOf(batch) {'),
    ],
    fails: ['lifecycle.two-instances', 'swap.beside', 'swap.aborted', 'swap.under-load'],
  },
  {
    does: 'sends what it restores',
    base: 'output',
    changes: [
      code(
        '      restore(state) {\n        if (!(state?.seen instanceof Set)) return\n',
        '      async restore(state) {\n        if (!(state?.seen instanceof Set)) return\n        await post([...state.seen])\n',
      ),
    ],
    fails: ['swap.state'],
  },
  {
    does: 'loses the first batch after a state was restored',
    base: 'output',
    changes: [
      code(
        '        for (const line of state.seen) seen.add(line)',
        '        for (const line of state.seen) seen.add(line)\n        isFresh = state.seen.size > 0',
      ),
      code(
        'const { refused } = await post(lines)',
        'const { refused } = isFresh ? { refused: [] } : await post(lines)\n      isFresh = false',
      ),
      code('    let stopping\n', '    let stopping\n    let isFresh = false\n'),
    ],
    fails: ['swap.under-load'],
  },
  {
    does: 'exports what cannot be cloned',
    base: 'output',
    changes: [code('({ seen: new Set(seen) })', '({ seen: new Set(seen), size: () => seen.size })')],
    fails: ['swap.under-load', 'swap.state', 'swap.follow'],
  },
  {
    does: 'hands over its state and forgets it',
    base: 'output',
    changes: [
      code(
        'exportState: () => ({ seen: new Set(seen) })',
        'exportState() {\n        const state = { seen: new Set(seen) }\n        seen.clear()\n        return state\n      }',
      ),
    ],
    fails: ['swap.state', 'swap.follow'],
  },
  {
    does: 'restores as much as it was given, but not that',
    base: 'output',
    changes: [code('of state.seen) seen.add(line)', "of state.seen) seen.add([...line].reverse().join(''))")],
    fails: ['swap.state', 'swap.follow'],
  },
  {
    does: 'fails on a state that it does not know',
    base: 'output',
    changes: [code('if (!(state?.seen instanceof Set)) return', '')],
    fails: ['swap.unknown-state'],
  },
  {
    does: 'works on with half a state that it knows',
    base: 'output',
    changes: [
      code('const seen = new Set()', 'let seen = new Set()'),
      code(
        'if (!(state?.seen instanceof Set)) return\n        for (const line of state.seen) seen.add(line)',
        'if (state?.seen) seen = state.seen',
      ),
    ],
    fails: ['swap.unknown-state'],
  },
  {
    does: 'exports what goes on changing, and does not follow',
    base: 'output',
    changes: [
      code('new Set(seen)', 'seen'),
      code(
        '      follow(batch) {\n        for (const line of linesOf(batch)) seen.add(line)\n      },\n',
        '',
      ),
    ],
    fails: ['swap.export-copy'],
  },
  {
    does: 'writes again what it follows',
    base: 'output',
    changes: [
      code(
        'follow(batch) {\n        for (const line of linesOf(batch)) seen.add(line)',
        'async follow(batch) {\n        await put(batch)',
      ),
    ],
    fails: ['swap.follow'],
  },
]
