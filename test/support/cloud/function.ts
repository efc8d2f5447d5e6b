/** One deployed function as a process: functions-framework started as Cloud Run starts it, to be killed and come back. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceName } from '../../../shared/runtime/handler.ts'
import { freePort } from '../free-port.ts'

export const ROOT = join(import.meta.dirname, '../../..')
/** What Cloud Run functions start. */
export const FRAMEWORK = join(ROOT, 'node_modules/@google-cloud/functions-framework/build/src/main.js')
const UP_WITHIN_MS = 60_000
/** As the command line has it: what was compiled once need not be again. */
const NODE_COMPILE_CACHE = join(tmpdir(), 'node-compile-cache')
/** No process outlives a test run that was killed. */
const ENDS_WITH_ITS_INPUT = 'data:text/javascript,process.stdin.resume().once("end",()=>process.exit())'

export type RunningFunction = {
  name: ServiceName
  url: string
  /** Dies at once, and is up again under the same address when resolved. */
  kill(): Promise<void>
  stop(): Promise<void>
  /** How often it was killed. */
  kills: number
  pid(): number
  stderr(): string
}

/** @param onLine gets each line of its stdout, which Cloud Logging would take; `onLog` of its stderr, as well. */
export async function startFunction(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void = () => {},
  onLog: (line: string) => void = () => {},
): Promise<RunningFunction> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  let stderr = ''
  let child: ChildProcess
  let stopping = false

  async function start(): Promise<void> {
    child = spawn(process.execPath, ['--import', ENDS_WITH_ITS_INPUT, FRAMEWORK, '--source', ROOT], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? '',
        NODE_COMPILE_CACHE,
        ...env,
        FUNCTION_TARGET: name,
        PORT: String(port),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    eachLine(child.stderr, (line) => {
      stderr = `${stderr}${line}\n`.slice(-20_000)
      onLog(line)
    })
    eachLine(child.stdout, onLine)
    const giveUpAt = performance.now() + UP_WITHIN_MS
    while (!(await answers(url))) {
      if (child.exitCode !== null || performance.now() > giveUpAt)
        throw new Error(`the function ${name} did not start: ${stderr}`)
      await sleep(50)
    }
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  const running: RunningFunction = {
    name,
    url,
    kills: 0,
    async kill() {
      if (stopping) return
      running.kills += 1
      await end('SIGKILL')
      await start()
    },
    async stop() {
      stopping = true
      await end('SIGKILL')
    },
    pid: () => child.pid as number,
    stderr: () => stderr,
  }
  await start()
  return running
}

function eachLine(stream: Readable | null, take: (line: string) => void): void {
  let rest = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { signal: AbortSignal.timeout(1000) })
    return true
  } catch {
    return false
  }
}
