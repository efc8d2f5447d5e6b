/** Faults take minutes: a suite of its own (`npm run faults`), of which `npm test` runs nothing. */
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../..'),
    include: ['test/faults/**/*.fault.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    setupFiles: ['test/support/each-file.ts'],
  },
})
