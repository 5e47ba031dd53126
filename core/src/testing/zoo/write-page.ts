import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { misbehaviourPage } from './page.ts'

writeFileSync(join(import.meta.dirname, '../../../../docs/misbehaviour.md'), misbehaviourPage())
