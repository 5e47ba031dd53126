import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Node itself runs the TypeScript sources (type stripping), so what is tested is what `npm start` runs.
export default defineConfig({
  test: {
    include: ['{sdk,core,create,plugins,test}/**/*.test.ts'],
    // What a stranger's plugin is made of: node --test runs it there.
    exclude: ['**/node_modules/**', 'create/template/**'],
    pool: 'forks',
    execArgv: ['--conditions=@smart-gateway/source'],
    experimental: { viteModuleRunner: false },
    testTimeout: 20_000,
    // Of those that say so: they run in processes of their own, which wait half of the time.
    maxConcurrency: availableParallelism() + 1,
    reporters: ['default', './test/e2e/src/peers/notice.ts'],
  },
})
