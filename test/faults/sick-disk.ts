/** A disk that fails to sync: strace answers fsync and fdatasync of a running process with EIO, for a while. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

export type SickDisk = {
  /** Syncs answered with EIO so far. */
  failures(): number
  /** The disk is well again. */
  heal(): Promise<void>
}

const CALLS = 'fsync,fdatasync'

/**
 * @param which of the calls of each thread: "1+" all, "3+4" the third and every fourth after it.
 * @returns undefined where there is no strace, or it may not attach to processes.
 */
export async function makeSick(pid: number, which: string): Promise<SickDisk | undefined> {
  const trace = join(temporaryFolder(), 'trace')
  const inject = `inject=${CALLS}:error=EIO:when=${which}`
  const strace = spawn(
    'strace',
    ['-f', '-p', String(pid), '-e', `trace=${CALLS}`, '-e', inject, '-o', trace],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  onTestFinished(() => {
    strace.kill('SIGINT')
  })
  if (!(await isAttached(strace))) return undefined
  return {
    failures: () => readFileSync(trace, 'utf8').split('(INJECTED)').length - 1,
    async heal() {
      if (strace.exitCode !== null || strace.signalCode !== null) return
      strace.kill('SIGINT')
      await once(strace, 'exit')
    },
  }
}

function isAttached(strace: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    strace.once('error', () => resolve(false))
    strace.once('exit', () => resolve(false))
    strace.stderr?.on('data', (said) => {
      if (/attached/.test(String(said))) resolve(true)
    })
  })
}
