import { rehearseRelease } from './rehearsal.ts'

console.log('Publishing to a registry of this process, as a release would elsewhere …')
const arrived = await rehearseRelease()
console.log(
  `${arrived.map((one, i) => `${String(i + 1).padStart(3)}  ${one}`).join('\n')}\nNothing was published anywhere else.`,
)
