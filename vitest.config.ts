import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The end-to-end tests start servers and kill them; a shared two-core machine needs the room.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // What a process has loaded and compiled serves the next file, too: half of the time otherwise goes into that.
    isolate: false,
    setupFiles: ['test/support/each-file.ts'],
  },
})
