import { expect, test } from 'vitest'
import { makeBench } from '../testing/bench.ts'
import { startCommand } from '../testing/command.ts'
import { makeShelf } from '../testing/sessions.ts'

test('changes: one that was rolled back says by which, and the evidence', async () => {
  const bench = await makeBench()
  const shelf = bench.plugin('output', 'shelf', makeShelf().open)
  bench.write({ outputs: { shelf: { plugin: shelf } } })
  const gateway = bench.gatewayOfFile()
  await gateway.start()
  const swap = gateway.reconciler.swap('shelf', { kind: 'folder', path: shelf })
  await swap.done
  swap.rolledBack = { by: '2', evidence: 'shelf: its session was lost 2 times' }
  const command = startCommand(['changes'], bench.folder)
  expect(await command.ended).toBe(0)
  expect(command.stdout).toContain('  rolled back by change 2: shelf: its session was lost 2 times\n')
})
