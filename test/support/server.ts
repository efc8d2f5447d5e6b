/** A server under test: in this process, to look inside, or in one of its own, to be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { openFolder } from '../../functions/local/folder.ts'
import { listen } from '../../functions/local/http.ts'
import type { Clock, Log } from '../../shared/ports.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { whenFileDone } from './file-done.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { jobWebhook } from './webhook.ts'

export const WEBHOOK_TOKEN = 'a-token-for-tests'

export const LAUNCHER = join(import.meta.dirname, '../../bin/runner-bandit.js')
const READY_WITHIN_MS = 60_000

export const silent: Log = { debug() {}, info() {}, warning() {}, error() {} }

/** A folder that is removed when the test file is done. */
export const dataFolder = () => temporaryFolder(whenFileDone)

type Environment = Record<string, string | undefined>

/** One that does not draw, so that a test can say what is picked. */
export const SURE_POLICY = { BANDIT_ALGORITHM: 'ucb1' }

/**
 * Serves in this process; closed when the test file is done.
 * @param clock the real one, unless time is played.
 */
export async function startServer(
  env: Environment = {},
  clock?: Clock,
): Promise<{ url: string; deps: LocalDeps }> {
  const settings = loadConfig({
    PORT: '0',
    GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
    // Told, and routed by.
    RUNNER_BANDIT_MODE: 'autonomous',
    ...SURE_POLICY,
    RUNNER_BANDIT_DATA: dataFolder(),
    ...env,
  })
  const deps = await openFolder(settings, silent, { ...(clock && { clock }) })
  const { server, port } = await listen(deps)
  whenFileDone(async () => {
    server.closeAllConnections()
    server.close()
    await deps.close()
  })
  return { url: `http://127.0.0.1:${port}`, deps }
}

export type SpawnedServer = { url: string; process: ChildProcess; stdout: string; stderr: () => string }

/** A process of the command line, from its first moment; killed when the test file is done. */
export function spawnCommand(args: readonly string[], env: Environment) {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
      ...SURE_POLICY,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  whenFileDone(() => child.kill('SIGKILL'))
  return child
}

/** Starts `runner-bandit serve` in a process of its own and waits until it says where it listens. */
export async function spawnServer(env: Environment): Promise<SpawnedServer> {
  const child = spawnCommand(['serve'], env)
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const url = await new Promise<string>((resolve, reject) => {
    const giveUp = setTimeout(() => reject(new Error(`the server did not start: ${stderr}`)), READY_WITHIN_MS)
    child.once('close', () => reject(new Error(`the server ended: ${stderr}`)))
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      const found = /listens on (http:\S+);/.exec(stdout)?.[1]
      if (found === undefined || !stdout.includes('runner-bandit sql')) return
      clearTimeout(giveUp)
      resolve(found)
    })
  })
  return { url, process: child, stdout, stderr: () => stderr }
}

/** Kills without warning and waits until it is gone. */
export async function kill({ process: child }: Pick<SpawnedServer, 'process'>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

export type CommandResult = { code: number | null; stdout: string; stderr: string }

/** Runs a command of the command line to its end. */
export async function runCommand(
  args: readonly string[],
  env: Environment = {},
  node = process.execPath,
): Promise<CommandResult> {
  const child = spawn(node, [LAUNCHER, ...args], {
    env: { PATH: process.env.PATH ?? '', ...SURE_POLICY, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const result: CommandResult = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    result.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    result.stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { ...result, code }
}

/** Posts one webhook body as GitLab would. */
export function postWebhook(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/webhooks/gitlab`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-gitlab-token': WEBHOOK_TOKEN, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** One job of each docker runner of the example fleet: Mac2 is the fastest by far. */
export async function playDockerRunners(url: string): Promise<void> {
  const seconds: Record<string, number> = {
    'Mac2 Docker Runner': 6,
    'Mac Docker Runner': 600,
    'Linux Yoga Docker Runner': 600,
    'gitlab-runner-nordic': 600,
  }
  for (const [index, [description, duration]] of Object.entries(seconds).entries()) {
    await postWebhook(
      url,
      jobWebhook({
        build_id: index + 1,
        build_duration: duration,
        runner: { id: 50 + index, description, tags: [] },
      }),
    )
  }
}
