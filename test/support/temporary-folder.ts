import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Takes what is to be done when a test, or all tests of a file, are done. */
export type WhenDone = (cleanUp: () => void | Promise<void>) => void

/** A folder of the running test's own, gone when the test is. */
export function temporaryFolder(whenDone: WhenDone = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'runner-bandit-'))
  whenDone(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
