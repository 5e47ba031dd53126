import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './gateway-process.ts'
import { apiText, buildSdk } from './sdk-build.ts'

const folder = buildSdk()
writeFileSync(join(ROOT, 'sdk/api.txt'), apiText(folder))
rmSync(folder, { recursive: true })
