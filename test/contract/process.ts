/** Programs of tests that need a process of their own: to end it, to kill it, to take its disk away. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

export type Ending = { code: number | null; stdout: string; stderr: string }

const LONGEST_LIFE_MS = 20_000

/** Starts a module, given as source; it is killed when the test is done. */
export function startInNode(source: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_LIFE_MS,
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

/** Runs it to its end. */
export async function runInNode(source: string, env?: NodeJS.ProcessEnv): Promise<Ending> {
  const child = startInNode(source, env)
  const ending: Ending = { code: null, stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => {
    ending.stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    ending.stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { ...ending, code }
}
