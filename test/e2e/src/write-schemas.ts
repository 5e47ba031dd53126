import { writeFileSync } from 'node:fs'
import { schemaFiles } from './schemas.ts'

for (const { file, text } of await schemaFiles()) writeFileSync(file, text)
