import { expect, test } from 'vitest'
import { packages, readJson } from '../workspace.ts'
import { rehearseRelease } from './rehearsal.ts'

test('a release publishes every public package, each after those that it needs', async () => {
  const arrived = await rehearseRelease()
  const published = packages()
    .map(({ folder }) => readJson(`${folder}/package.json`) as unknown as Manifest)
    .filter((manifest) => manifest.private !== true)
  expect(arrived.toSorted()).toEqual(published.map(({ name, version }) => `${name}@${version}`).toSorted())
  const order = arrived.map((one) => one.slice(0, one.lastIndexOf('@')))
  for (const { name, dependencies, peerDependencies } of published)
    for (const needed of Object.keys({ ...dependencies, ...peerDependencies }))
      if (order.includes(needed))
        expect(order.indexOf(needed), `${name} needs ${needed}`).toBeLessThan(order.indexOf(name))
}, 180_000)

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly dependencies?: object
  readonly peerDependencies?: object
}
