/** The bench's side of a measurement: starts processes on the measured core, asks them, and ends them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Question, Reply, Usage } from './answers.ts'
import { onCore } from './pin.ts'

/** What all measurements of one run have in common. */
export type Bench = {
  rounds: number
  /** Where the measured processes run; undefined when they are not pinned. */
  core: number | undefined
  /** Folder for data folders and logs; removed at the end of the run. */
  folder: string
  /** Where CPU profiles of the measured processes go; undefined when none are wanted. */
  profileFolder: string | undefined
}

export type Child = {
  /** What it said when it was ready; a server says its port. */
  ready: unknown
  ask(question: string, input?: unknown): Promise<unknown>
  usage(): Promise<Usage>
  end(): Promise<void>
}

export type ChildOptions = {
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
  nodeFlags?: readonly string[]
  /** Beside the load instead of on the measured core: what is not measured itself. */
  isBeside?: boolean
}

const started = new Set<ChildProcess>()

/** Runs a file, named from test/bench, with a clean environment; resolves when it says that it is ready. */
export async function startChild(bench: Bench, file: string, options: ChildOptions = {}): Promise<Child> {
  const log = join(mkdtempSync(join(bench.folder, 'log-')), 'stderr.log')
  const stderr = openSync(log, 'w')
  const flags = ['--disable-warning=ExperimentalWarning', ...(options.nodeFlags ?? [])]
  const [command, args] = onCore(options.isBeside ? undefined : bench.core, [
    process.execPath,
    ...flags,
    resolve(import.meta.dirname, file),
    ...(options.args ?? []),
  ])
  const child = spawn(command, args, {
    env: {
      PATH: process.env.PATH ?? '',
      ...(bench.profileFolder === undefined ? {} : { BENCH_PROFILE: bench.profileFolder }),
      ...options.env,
    },
    // The product logs a line a webhook to stderr; a file takes them as it would where it is installed.
    stdio: ['ignore', 'ignore', stderr, 'ipc'],
  })
  closeSync(stderr)
  const next = () => nextReply(child, () => `${file}: ${readFileSync(log, 'utf8').slice(-2000)}`)
  const ask = (question: string, input?: unknown) => {
    const reply = next()
    child.send({ question, input } satisfies Question)
    return reply
  }
  started.add(child)
  child.once('exit', () => started.delete(child))
  return {
    ready: await next(),
    ask,
    usage: () => ask('usage') as Promise<Usage>,
    async end() {
      if (!started.has(child)) return
      child.send({ question: 'end', input: undefined } satisfies Question)
      await once(child, 'exit')
    },
  }
}

/** Kills what a measurement that failed left running. */
export async function killAll(): Promise<void> {
  for (const child of started) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

function nextReply(child: ChildProcess, context: () => string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`the process ended. ${context()}`))
    child.once('exit', onExit)
    child.once('message', (reply: Reply) => {
      child.off('exit', onExit)
      if ('error' in reply) reject(new Error(`${reply.error}\n${context()}`))
      else resolve(reply.answer)
    })
  })
}
