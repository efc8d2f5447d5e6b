/** Cores: the measured process has one to itself, the load and this process another. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** `why` they are not pinned, where they are not. */
export type Cores = { measured: number; load: number } | { why: string }

/** Moves this process to its core; processes that are started by it begin there, too. */
export function pinThisProcess(): Cores {
  const cores = chosenCores()
  if ('why' in cores) return cores
  const { status, stderr } = taskset('-acp', String(cores.load), String(process.pid))
  return status === 0 ? cores : { why: `taskset failed: ${stderr.trim()}` }
}

/** The command that runs `program` on a core. */
export function onCore(core: number | undefined, program: readonly string[]): [string, string[]] {
  const [first = '', ...rest] = core === undefined ? program : ['taskset', '-c', String(core), ...program]
  return [first, rest]
}

function chosenCores(): Cores {
  if (taskset('--version').status !== 0) return { why: 'taskset is missing' }
  const [measured, load] = allowedCores()
  if (measured === undefined || load === undefined) return { why: 'this process may use one core only' }
  return { measured, load }
}

/** "0-1,4" in /proc/self/status is [0, 1, 4]. */
function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

function taskset(...args: string[]) {
  const { status, stderr } = spawnSync('taskset', args, { encoding: 'utf8' })
  return { status, stderr: stderr ?? '' }
}
