import { resolve } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import { conformanceTests } from './vitest.ts'

conformanceTests({ afterAll, describe, test }, resolve(import.meta.dirname, '../../mutants/bases/filter'))
