import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import type { OutputSession } from '@smart-gateway/sdk'
import { expect, test } from 'vitest'
import type { Change } from './change.ts'
import type { Gateway } from '../gateway.ts'
import { makeBench, viewOf } from '../testing/bench.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

/** A gateway of a startup.yaml with an input `numbers` behind a transport and an output `shelf`, started. */
async function running() {
  const bench = await makeBench()
  const [hand, shelf, drawer] = [makeHand(), makeShelf(), makeShelf()]
  const config = {
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) } },
  }
  const drawerPlugin = bench.plugin('output', 'drawer', ({ metrics }) => {
    const counter = metrics.counter('drawer_total', 'Kept.')
    const session = drawer.open()
    return {
      async write(batch) {
        counter.inc(batch.length)
        await session.write(batch)
      },
    }
  })
  bench.write(config)
  const gateway = bench.gatewayOfFile()
  await gateway.start()
  const reload = async (next: object | string, options = {}): Promise<Change> => {
    bench.write(next)
    const change = gateway.reconciler.reload('api', options)
    await change.done
    return change
  }
  return { bench, hand, shelf, drawer, config, drawerPlugin, gateway, reload }
}

test('F5: an edit adds, changes and removes instances; what it does not name is not touched', async () => {
  const { bench, hand, shelf, drawer, config, drawerPlugin, gateway, reload } = await running()
  const before = gateway.registry.outputs[0]
  const added = await reload({ ...config, outputs: { ...config.outputs, drawer: { plugin: drawerPlugin } } })
  expect(does(added)).toEqual({ hand: 'kept', numbers: 'kept', shelf: 'kept', drawer: 'added done' })
  await hand.deliver('numbers', 1)
  expect([shelf.ids, drawer.ids]).toEqual([[1], [1]])

  const narrowed = await reload({
    ...config,
    outputs: {
      shelf: { ...config.outputs.shelf, signals: ['log'], queue: { max: '1MiB' } },
      drawer: { plugin: drawerPlugin },
    },
  })
  expect(does(narrowed)).toMatchObject({ shelf: 'updated done', drawer: 'kept' })
  const codeOf = (name: string): boolean => existsSync(join(bench.folder, 'state/generations', name))
  expect(codeOf('drawer')).toBe(true)
  await hand.deliver('numbers', 2)
  expect([shelf.ids, drawer.ids]).toEqual([[1], [1, 2]])
  expect(viewOf(gateway, 'shelf').queue).toMatchObject({ maxBytes: 1024 * 1024 })

  const drawerMetric = 'smart_gateway_drawer_total'
  expect(await pageOf(gateway)).toContain(`${drawerMetric}{component="drawer"} 2`)
  const removed = await reload(config)
  expect(await pageOf(gateway)).not.toContain('component="drawer"')
  expect(does(removed)).toMatchObject({ shelf: 'updated done', drawer: 'removed done' })
  expect([codeOf('shelf'), codeOf('drawer')]).toEqual([true, false])
  await hand.deliver('numbers', 3)
  expect([shelf.ids, drawer.ids]).toEqual([
    [1, 3],
    [1, 2],
  ])
  expect(gateway.registry.outputs).toEqual([before])
  expect(viewOf(gateway, 'shelf').generation).toBe(1)
  expect(hand.log).toEqual(['subscribe numbers', 'start numbers'])
})

test('other options are a new generation; the same configuration is no change', async () => {
  const { hand, shelf, config, gateway, reload } = await running()
  const next = { ...config, outputs: { shelf: { ...config.outputs.shelf, options: { depth: 2 } } } }
  expect(does(await reload(next))).toMatchObject({ shelf: 'replaced done', numbers: 'kept' })
  expect(viewOf(gateway, 'shelf').generation).toBe(2)
  expect((await reload(next)).outcome).toBe('unchanged')
  await hand.deliver('numbers', 1)
  expect(shelf.ids).toEqual([1])
})

test('a broken instance is refused alone, and said; the others in the same edit go ahead', async () => {
  const { hand, shelf, drawer, config, drawerPlugin, gateway, reload } = await running()
  const change = await reload({
    ...config,
    inputs: { numbers: { ...config.inputs.numbers, colour: 'red' } },
    outputs: { ...config.outputs, drawer: { plugin: drawerPlugin }, attic: { plugin: './nowhere' } },
  })
  expect(change.outcome).toBe('partly')
  expect(does(change)).toMatchObject({
    numbers: 'refused failed',
    attic: 'refused failed',
    drawer: 'added done',
  })
  expect(change.view().steps.find(({ name }) => name === 'numbers')?.why).toMatch(
    /is not a known key.*; it goes on as it was$/,
  )
  await hand.deliver('numbers', 1)
  expect([shelf.ids, drawer.ids]).toEqual([[1], [1]])
  const ready = await (await fetch(`${gateway.adminUrl}/health/ready`)).json()
  expect(ready).toMatchObject({ ready: true, refused: expect.stringContaining('attic') as string })
  const page = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  expect(page).toContain('smart_gateway_config_last_reload_successful 0')

  expect((await reload(config)).outcome).toBe('succeeded')
  expect(await (await fetch(`${gateway.adminUrl}/health/ready`)).json()).not.toHaveProperty('refused')
})

test.each([
  ['by its configuration', { plugin: './nowhere' }],
  ['when it opens', undefined],
])('all or nothing: one instance that fails %s leaves all as they were', async (_, given) => {
  const { bench, drawer, config, drawerPlugin, gateway, reload } = await running()
  const failing = (): OutputSession => {
    throw new Error('no license')
  }
  const attic = given ?? { plugin: bench.plugin('output', 'attic', failing) }
  const next = {
    ...config,
    outputs: { shelf: config.outputs.shelf, drawer: { plugin: drawerPlugin }, attic },
  }
  expect((await reload(next, { atomic: true })).outcome).toBe('refused')
  expect(gateway.registry.outputs.map(({ spec }) => spec.name)).toEqual(['shelf'])
  const halfDone = await reload(next)
  expect(does(halfDone)).toMatchObject({ drawer: 'added done' })
  expect(gateway.registry.outputs.map(({ spec }) => spec.name)).toEqual(['shelf', 'drawer'])
  expect(drawer.ids).toEqual([])
})

test.each([
  ['no YAML', 'outputs: [', /startup.yaml:1/],
  ['nothing that was meant', 'colour: red', /is not a known key/],
  ['nothing', '', /is empty/],
])('F1: a file that holds %s changes nothing', async (_, text, reason) => {
  const { hand, shelf, reload, gateway } = await running()
  const change = await reload(text)
  expect(change.outcome).toBe('refused')
  expect(change.problems.join()).toMatch(reason)
  await hand.deliver('numbers', 1)
  expect(shelf.ids).toEqual([1])
  expect(gateway.registry.view().map(({ state }) => state)).toEqual(['ready', 'ready', 'ready'])
})

test('an input whose new subscription cannot be made keeps the old one', async () => {
  const { bench, hand, shelf, config, gateway, reload } = await running()
  const picky = bench.plugin('transport', 'picky', () => ({
    subscribe() {
      throw new Error('no such queue')
    },
  }))
  const change = await reload({
    ...config,
    transports: { ...config.transports, picky: { plugin: picky } },
    inputs: { numbers: { ...config.inputs.numbers, from: { transport: 'picky' } } },
  })
  expect(does(change)).toMatchObject({ picky: 'added done', numbers: 'updated failed' })
  expect(change.view().steps.find(({ name }) => name === 'numbers')?.note).toMatch(
    /the old subscription goes on: .*no such queue/,
  )
  await hand.deliver('numbers', 1)
  expect([shelf.ids, viewOf(gateway, 'numbers').state]).toEqual([[1], 'ready'])
})

test('F13: an output that is renamed takes over the address that the old one holds', async () => {
  const bench = await makeBench()
  const serving =
    (): Parameters<typeof bench.plugin<'output'>>[2] =>
    async ({ http, name }) => {
      const { url } = await http.serve(
        { host: '127.0.0.1', port: 39_871, path: '/x' },
        () => new Response(name),
      )
      return { address: url, async write() {} }
    }
  const plugin = bench.plugin('output', 'page', serving())
  bench.write({ outputs: { a: { plugin } } })
  const gateway = bench.gatewayOfFile()
  await gateway.start()
  const answers = new Set<string>()
  let asking = true
  const asked = (async () => {
    while (asking) answers.add(await (await fetch('http://127.0.0.1:39871/x')).text())
  })()
  await until('the old one answers', () => answers.has('a'))
  bench.write({ outputs: { b: { plugin } } })
  const change = gateway.reconciler.reload('api')
  await change.done
  await until('the new one answers', () => answers.has('b'))
  asking = false
  await asked
  expect(does(change)).toEqual({ a: 'removed done', b: 'added done' })
  expect([...answers]).toEqual(['a', 'b'])
})

test('inputs that come and go under new names leave no line and no metric with the output that they have fed', async () => {
  const { hand, shelf, config, gateway, reload } = await running()
  const { numbers } = config.inputs
  for (const name of ['first', 'second', 'third']) {
    await reload({ ...config, inputs: { [name]: numbers } })
    await hand.deliver(name, 1)
  }
  expect(shelf.ids).toEqual([1, 1, 1])
  const { ledger } = gateway.registry.outputs[0]!.queue
  expect([...ledger.edges.keys()]).toEqual(['third'])
  expect(ledger.total).toMatchObject({ routed: 3, delivered: 3 })
  expect(await pageOf(gateway)).not.toMatch(/"(numbers|first|second)"/)
})

test('F3: what waits in an output that is removed is given back when its store does not take it in time', async () => {
  const { bench, hand, config, reload, gateway } = await running()
  const never = Promise.withResolvers<never>()
  const stuck = bench.plugin('output', 'stuck', () => ({ write: () => never.promise }))
  await reload({ ...config, outputs: { ...config.outputs, stuck: { plugin: stuck } } })
  const fate = hand.deliver('numbers', 1, 2).then(
    () => 'settled',
    ({ message }: Error) => message,
  )
  await until('it is being written', () => gateway.registry.outputs[1]!.queue.walk().open === 2)
  const change = await reload(config)
  expect(change.view().steps.find(({ name }) => name === 'stuck')?.note).toBe('2 given back')
  expect(await fate).toBe('the output stuck was taken away')
}, 30_000)

test('F4: changes wait for each other, none is swallowed, and each can be asked for', async () => {
  const { config, drawerPlugin, gateway, bench } = await running()
  const withDrawer = { ...config, outputs: { ...config.outputs, drawer: { plugin: drawerPlugin } } }
  bench.write(withDrawer)
  const changes = [
    gateway.reconciler.reload('api'),
    gateway.reconciler.reload('file'),
    gateway.reconciler.reload('signal'),
  ]
  expect(changes.map(({ state }) => state)).toEqual(['queued', 'queued', 'queued'])
  await Promise.all(changes.map(({ done }) => done))
  expect(changes.map(({ outcome }) => outcome)).toEqual(['succeeded', 'unchanged', 'unchanged'])
  // Whoever follows the file may have asked for one more.
  const ids = gateway.changes.list().map(({ id }) => id)
  expect(ids.filter((id) => Number(id) <= 3)).toEqual(['3', '2', '1'])
  expect(gateway.changes.get('2')).toBe(changes[1])
})

test('F12: a stop in the middle of a change ends it, and does not wait for what hangs', async () => {
  const { bench, gateway, config, reload } = await running()
  const opening = Promise.withResolvers<void>()
  const hanging = bench.plugin('output', 'hanging', () => {
    opening.resolve()
    return new Promise(() => {})
  })
  const change = reload({ ...config, outputs: { ...config.outputs, hanging: { plugin: hanging } } })
  await opening.promise
  const startMs = performance.now()
  await gateway.stop()
  expect(performance.now() - startMs).toBeLessThan(3000)
  expect((await change).outcome).toBe('refused')
})

test('code that was swapped in outlives a restart, until other code is installed', async () => {
  const { bench, gateway, config } = await running()
  const next = bench.plugin('output', 'shelf', makeShelf().open, { version: '2.0.0' })
  expect(await gateway.swap('shelf', next)).toMatchObject({ version: '2.0.0' })
  await gateway.stop()
  const second = bench.gatewayOfFile()
  await second.start()
  expect(viewOf(second, 'shelf')).toMatchObject({ state: 'ready', version: '2.0.0' })
  const change = second.reconciler.reload('api')
  await change.done
  expect(change.outcome).toBe('unchanged')
  await second.stop()

  bench.plugin('output', 'shelf', makeShelf().open, { top: '// mended' })
  const third = bench.gatewayOfFile()
  await third.start()
  expect(viewOf(third, 'shelf')).toMatchObject({ state: 'ready', version: '1.0.0' })
  expect(config.outputs.shelf.plugin).toContain('1.0.0')
})

test('a rollback puts the code back that was there before, and needs nothing but what is kept', async () => {
  const { bench, gateway } = await running()
  const next = bench.plugin('output', 'shelf', makeShelf().open, { version: '2.0.0' })
  await gateway.swap('shelf', next)
  const back = gateway.reconciler.rollback('shelf')
  await back.done
  expect(back.outcome).toBe('succeeded')
  expect(viewOf(gateway, 'shelf')).toMatchObject({ version: '1.0.0', generation: 3 })
  const forth = gateway.reconciler.rollback('shelf')
  await forth.done
  expect(viewOf(gateway, 'shelf')).toMatchObject({ version: '2.0.0', generation: 4 })
  expect(() => gateway.reconciler.rollback('numbers')).toThrow('no earlier code of numbers is kept')
})

test.each([
  ['whose options were edited before', {}],
  ['that was added before', undefined],
])('code that is undone of an instance %s: a restart has what the edit said', async (_, first) => {
  const { bench, config, gateway, drawerPlugin, reload } = await running()
  const withDrawer = (options: object): object => ({
    ...config,
    outputs: { ...config.outputs, drawer: { plugin: drawerPlugin, options } },
  })
  if (first !== undefined) await reload(withDrawer(first))
  await reload(withDrawer({ depth: 2 }))
  const { spec, code } = gateway.registry.outputs[1]!.instance
  await gateway.swap('drawer', bench.plugin('output', 'drawer', makeShelf().open, { version: '2.0.0' }))
  await gateway.reconciler.undo('drawer', { spec, code: code! }, 'it is worse').done
  await gateway.stop()
  bench.write('broken: [')
  const second = bench.gatewayOfFile()
  await second.start()
  expect(second.registry.outputs[1]?.spec).toMatchObject({ name: 'drawer', options: { depth: 2 } })
})

test('a name that moves to another kind begins with what is installed, whatever was swapped in under it before', async () => {
  const { bench, config, gateway, reload } = await running()
  const install = (kind: string, folder: string): void => {
    mkdirSync(join(bench.folder, 'node_modules'), { recursive: true })
    symlinkSync(folder, join(bench.folder, `node_modules/smart-gateway-${kind}-box`))
  }
  install('output', bench.plugin('output', 'box', makeShelf().open))
  install('input', bench.plugin('input', 'box', decoder()))
  await reload({ ...config, outputs: { ...config.outputs, box: { plugin: 'box' } } })
  await gateway.swap('box', bench.plugin('output', 'box', makeShelf().open, { version: '2.0.0' }))
  const moved = {
    ...config,
    inputs: { ...config.inputs, box: { plugin: 'box', from: { transport: 'hand' } } },
  }
  expect((await reload(moved)).outcome).toBe('succeeded')
  expect(viewOf(gateway, 'box')).toMatchObject({ kind: 'input', version: '1.0.0', state: 'ready' })
  expect((await reload(moved)).outcome).toBe('unchanged')
})

test('twice is there and back after a restart, too', async () => {
  const { bench, gateway } = await running()
  await gateway.swap('shelf', bench.plugin('output', 'shelf', makeShelf().open, { version: '2.0.0' }))
  await gateway.stop()
  const second = bench.gatewayOfFile()
  await second.start()
  for (const version of ['1.0.0', '2.0.0', '1.0.0']) {
    await second.reconciler.rollback('shelf').done
    expect(viewOf(second, 'shelf').version).toBe(version)
  }
})

test('a rollback goes back to what worked last, not to what was undone before that', async () => {
  const { bench, gateway } = await running()
  const folder = (version: string): string => bench.plugin('output', 'shelf', makeShelf().open, { version })
  const { spec, code } = gateway.registry.outputs[0]!.instance
  await gateway.swap('shelf', folder('2.0.0'))
  await gateway.reconciler.undo('shelf', { spec, code: code! }, 'it is worse').done
  await gateway.swap('shelf', folder('3.0.0'))
  await gateway.reconciler.rollback('shelf').done
  expect(viewOf(gateway, 'shelf').version).toBe('1.0.0')
})

test('a rollback that waits goes back from what is there when its turn comes', async () => {
  const { bench, gateway } = await running()
  const folder = (version: string): string => bench.plugin('input', 'numbers', decoder(), { version })
  await gateway.swap('numbers', folder('2.0.0'))
  const { reconciler } = gateway
  const swap = reconciler.swap('numbers', { kind: 'folder', path: folder('3.0.0') })
  const back = reconciler.rollback('numbers')
  await back.done
  expect([swap.outcome, back.outcome, viewOf(gateway, 'numbers').version]).toEqual([
    'succeeded',
    'succeeded',
    '2.0.0',
  ])
})

test('a swap, a rollback or an undoing that waits finds what is there under the name when its turn comes', async () => {
  const { bench, gateway, config, drawerPlugin, reload } = await running()
  const { reconciler, changes } = gateway
  const withDrawer = (depth: number): object => ({
    ...config,
    outputs: { ...config.outputs, drawer: { plugin: drawerPlugin, options: { depth } } },
  })
  await reload(withDrawer(1))
  const { spec, code } = gateway.registry.outputs[1]!.instance
  bench.write(config)
  reconciler.reload('api')
  changes.add('api', 'an edit meanwhile', async () => bench.write(withDrawer(2)))
  reconciler.reload('api')
  const path = bench.plugin('output', 'drawer', makeShelf().open, { version: '2.0.0' })
  reconciler.swap('drawer', { kind: 'folder', path })
  const undoing = reconciler.undo('drawer', { spec, code: code! }, 'it was worse')
  await undoing.done
  expect([undoing.outcome, viewOf(gateway, 'drawer').version]).toEqual(['unchanged', '2.0.0'])
  expect(gateway.registry.outputs[1]!.instance.spec.options).toEqual({ depth: 2 })
  await reconciler.rollback('drawer').done
  expect(viewOf(gateway, 'drawer').version).toBe('1.0.0')
})

test('what was refused is nothing to go back to, and pushes nothing off the disk that worked', async () => {
  const { bench, gateway } = await running()
  await gateway.swap('numbers', bench.plugin('input', 'numbers', decoder(), { version: '2.0.0' }))
  for (let i = 3; i < 10; i++) {
    const broken = bench.plugin('input', 'numbers', decoder(), {
      version: `${i}.0.0`,
      top: `throw new Error('no')`,
    })
    await expect(gateway.swap('numbers', broken)).rejects.toMatchObject({ code: 'SG_SWAP_FAILED' })
  }
  await gateway.reconciler.rollback('numbers').done
  expect(viewOf(gateway, 'numbers').version).toBe('1.0.0')
})

test('what is refused of an instance is refused as a whole: its old generation works again', async () => {
  const { bench, config, gateway, hand, shelf, reload } = await running()
  const refusing = bench.plugin('transport', 'refusing', () => ({
    subscribe() {
      throw new Error('no queue here')
    },
  }))
  const numbers = {
    ...config.inputs.numbers,
    options: { other: true },
    from: { transport: 'refusing' },
  }
  const change = await reload(
    { ...config, transports: { ...config.transports, refusing: { plugin: refusing } }, inputs: { numbers } },
    { atomic: true },
  )
  expect(change.outcome).toBe('refused')
  expect(gateway.registry.inputs[0]!.instance.spec.options).toEqual({})
  await hand.deliver('numbers', 1)
  expect(shelf.ids).toEqual([1])
})

test('a source whose stop hangs is taken away all the same, and holds up no other change', async () => {
  const { bench, config, reload } = await running()
  const stuck = bench.plugin('input', 'stuck', () => ({ start() {}, stop: () => new Promise(() => {}) }))
  await reload({
    ...config,
    gateway: { drain: '100ms' },
    inputs: { ...config.inputs, stuck: { plugin: stuck } },
  })
  const removed = await reload({ ...config, gateway: { drain: '100ms' } })
  expect(does(removed)).toMatchObject({ stuck: 'removed done' })
}, 20_000)

test('an edit while the gateway starts is taken', async () => {
  const bench = await makeBench()
  const opening = Promise.withResolvers<void>()
  const slow = bench.plugin('output', 'slow', async () => {
    await opening.promise
    return { async write() {} }
  })
  bench.write({ outputs: { slow: { plugin: slow } } })
  const gateway = bench.gatewayOfFile()
  const started = gateway.start()
  await new Promise((resolve) => setTimeout(resolve, 300))
  const quick = { plugin: bench.plugin('output', 'quick', makeShelf().open) }
  bench.write({ outputs: { slow: { plugin: slow }, quick } })
  await until('it is taken', () => viewOf(gateway, 'quick')?.state === 'ready')
  opening.resolve()
  await started
  await until('both run', () => viewOf(gateway, 'slow').state === 'ready')
})

test('code that is installed anew under a running gateway is taken', async () => {
  const { bench, gateway } = await running()
  bench.plugin('output', 'shelf', makeShelf().open, { top: '// mended' })
  const change = gateway.reconciler.reload('api')
  await change.done
  expect(does(change)).toMatchObject({ shelf: 'replaced done', numbers: 'kept' })
  expect(change.view().steps.find(({ name }) => name === 'shelf')?.why).toBe(
    'the code that is installed changed (version 1.0.0)',
  )
})

test('a restart boots into what was good when the file is broken, says so, and takes what is good of the file', async () => {
  const { bench, gateway, config, drawerPlugin } = await running()
  await gateway.stop()
  bench.write({ ...config, outputs: { shelf: { plugin: './nowhere' }, drawer: { plugin: drawerPlugin } } })
  const second = bench.gatewayOfFile()
  await second.start()
  await until('the change is over', () => second.changes.list()[0]?.outcome)
  expect(second.registry.view().map(({ name, state }) => `${name} ${state}`)).toEqual([
    'hand ready',
    'numbers ready',
    'shelf ready',
    'drawer ready',
  ])
  expect(bench.lines.some(({ msg }) => msg.includes('the last good configuration is started instead'))).toBe(
    true,
  )
  expect((await (await fetch(`${second.adminUrl}/health/ready`)).json()) as object).toHaveProperty('refused')
  await second.stop()
  expect(() => bench.gatewayOfFile({ strict: true })).toThrow('there is no folder')
})

test('F8: a secret that is renewed in its file is taken by itself, by the instance that uses it alone', async () => {
  const { bench, config, gateway } = await running()
  const secret = join(bench.folder, 'secret')
  writeFileSync(secret, 'first secret')
  const options = { password: '${file:./secret}' }
  bench.write({ ...config, outputs: { shelf: { ...config.outputs.shelf, options } } })
  await until('it is taken', () => viewOf(gateway, 'shelf').generation === 2)
  writeFileSync(secret, 'second secret')
  await until('it is renewed', () => viewOf(gateway, 'shelf').generation === 3)
  expect(gateway.registry.outputs[0]!.instance.spec.options).toEqual({ password: 'second secret' })
  expect(viewOf(gateway, 'numbers').generation).toBe(1)
  await gateway.stop()
  const second = bench.gatewayOfFile()
  await second.start()
  writeFileSync(secret, 'third secret')
  await until('it is renewed again', () => viewOf(second, 'shelf').generation === 2)
})

test('a plugin that is installed after the edit that names it is taken by itself', async () => {
  const { bench, config, gateway, drawerPlugin } = await running()
  bench.write({ ...config, outputs: { ...config.outputs, drawer: { plugin: './later' } } })
  await until('it is refused', () => gateway.changes.list().some(({ outcome }) => outcome === 'refused'))
  symlinkSync(drawerPlugin, join(bench.folder, 'later'))
  await until('it runs', () => viewOf(gateway, 'drawer')?.state === 'ready', 20_000)
}, 40_000)

test('F9: an output whose store hangs holds up neither its neighbour nor a change of that', async () => {
  const { bench, hand, shelf, config, reload } = await running()
  const stuck = {
    plugin: bench.plugin('output', 'stuck', () => ({ write: () => new Promise(() => {}) })),
    required: false,
  }
  await reload({ ...config, outputs: { ...config.outputs, stuck } })
  for (let i = 0; i < 100; i++) await hand.deliver('numbers', i)
  const renewed = { plugin: bench.plugin('output', 'shelf', shelf.open, { version: '2.0.0' }) }
  const change = await reload({ ...config, outputs: { shelf: renewed, stuck } })
  expect(does(change)).toMatchObject({ shelf: 'replaced done', stuck: 'kept' })
  for (let i = 100; i < 200; i++) await hand.deliver('numbers', i)
  expect(shelf.ids).toEqual(Array.from({ length: 200 }, (_, i) => i))
})

test('F11: other queue settings hold at once, and what waits is written once, be it by the next generation', async () => {
  const { bench, hand, shelf, config, gateway, reload } = await running()
  const writes: (() => void)[] = []
  const slow = (): OutputSession => ({
    async write(batch) {
      await new Promise<void>((resolve) => void writes.push(resolve))
      await shelf.open().write(batch)
    },
  })
  const plugin = bench.plugin('output', 'slow', slow)
  await reload({ ...config, outputs: { shelf: { plugin } } })
  const fates = Array.from({ length: 20 }, (_, i) => hand.deliver('numbers', i))
  await until('the first write', () => writes.length === 1)
  const intake = hand.intakes.get('numbers')!
  expect(intake.full).toBe(false)
  await reload({ ...config, outputs: { shelf: { plugin, queue: { maxRecords: 10 } } } })
  expect([intake.full, gateway.registry.outputs[0]!.queue.limits.maxRecords]).toEqual([true, 10])
  const swapped = gateway.swap(
    'shelf',
    bench.plugin('output', 'slow', () => shelf.open(), { version: '2.0.0' }),
  )
  writes[0]!()
  await Promise.all([swapped, ...fates])
  expect(shelf.ids).toEqual(Array.from({ length: 20 }, (_, i) => i))
})

test('F10: connections of the admin listener live through a reload', async () => {
  const { config, drawerPlugin, gateway, reload } = await running()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      get(`${gateway.adminUrl}/health/live`, { agent }, (response) => {
        const { localPort } = response.socket
        response.resume().on('end', () => resolve(localPort))
      }).on('error', reject)
    })
  const first = await ask()
  await reload({ ...config, outputs: { ...config.outputs, drawer: { plugin: drawerPlugin } } })
  await reload(config)
  expect(await ask()).toBe(first)
  agent.destroy()
})

test('F15: an edited file is taken by itself, once', async () => {
  const { bench, config, drawerPlugin, gateway } = await running()
  bench.write({ ...config, outputs: { ...config.outputs, drawer: { plugin: drawerPlugin } } })
  await until('the drawer is there', () => gateway.registry.outputs.length === 2)
  const [change, ...others] = gateway.changes.list()
  expect([change?.trigger, others.length]).toEqual(['file', 0])
})

async function pageOf({ adminUrl }: Gateway): Promise<string> {
  return await (await fetch(`${adminUrl}/metrics`)).text()
}

function does(change: Change): Record<string, string> {
  return Object.fromEntries(
    change.view().steps.map(({ name, does, result }) => [name, does === 'kept' ? does : `${does} ${result}`]),
  )
}
