/** A disk of a few MiB that can be filled and emptied: a tmpfs, which only root may mount. */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export type SmallDisk = {
  folder: string
  /** Takes what is left, to the last page, but for `leftBytes`. */
  fill(leftBytes?: number): void
  /** Gives back what was taken. */
  empty(): void
}

const BLOCK_BYTES = 64 * 1024
const PAGE_BYTES = 4096

/** Undefined where mounting is not possible. Unmounted when the test is done. */
export function mountSmallDisk(mebibytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'runner-bandit-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    rmdirSync(folder)
    return undefined
  }
  onTestFinished(() => {
    // Lazily: it goes when the last process that has a file of it open does.
    execFileSync('umount', ['--lazy', folder])
    rmdirSync(folder)
  })
  const ballast = join(folder, 'ballast')
  return {
    folder,
    fill(leftBytes = 0) {
      const file = openSync(ballast, 'a')
      for (const bytes of [BLOCK_BYTES, PAGE_BYTES]) writeUntilFull(file, Buffer.alloc(bytes))
      ftruncateSync(file, fstatSync(file).size - leftBytes)
      closeSync(file)
    },
    empty: () => rmSync(ballast, { force: true }),
  }
}

function writeUntilFull(file: number, block: Buffer): void {
  try {
    while (true) writeSync(file, block)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
