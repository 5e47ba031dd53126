import { writeFileSync } from 'node:fs'
import { CLAUSES_FILE, clausesModule, specClauses } from './clauses.ts'

writeFileSync(CLAUSES_FILE, clausesModule(specClauses()))
