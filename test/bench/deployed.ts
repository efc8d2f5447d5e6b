/** Functions as they are deployed: processes of functions-framework's own binary, started as Cloud Run starts them. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { ServiceName } from '../../shared/runtime/handler.ts'
import { type Bench, type Child, startChild } from './child.ts'
import type { Needs } from './needs.ts'
import { WEBHOOK_TOKEN } from './requests.ts'

const root = join(import.meta.dirname, '../..')
const BINARY = join(root, 'node_modules/@google-cloud/functions-framework/build/src/main.js')
const PRELOADED = join(import.meta.dirname, 'server/framework-binary.ts')
const COLD = join(import.meta.dirname, 'server/cold.js')
/** What `npm run bundle` makes, and instances load. */
const BUNDLE = join(root, 'shared/bundle/index.js')
const EMPTY_FUNCTION = join(import.meta.dirname, 'server/empty-function.js')

/** What Terraform sets, for a project that is not there. */
export const CLOUD_SETTINGS: Readonly<Record<string, string>> = {
  PORT: '0',
  NODE_ENV: 'production',
  GOOGLE_CLOUD_PROJECT: 'bench-project',
  BANDIT_GCS_BUCKET: 'bandit',
  GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
  RUNNER_BANDIT_API_TOKEN: 'token-of-ci-of-the-benchmark',
  RUNNER_BANDIT_MODE: 'autonomous',
  RUNNER_BANDIT_ADMIN_TOKEN: 'token-of-admin-of-the-benchmark',
  RUNNER_BANDIT_PUSH_ACCOUNTS: 'pusher@bench-project.iam.gserviceaccount.com',
  RUNNER_BANDIT_PUSH_AUDIENCE: 'https://functions.bench-project.example',
  METADATA_SERVER_DETECTION: 'none',
}

/**
 * ingest as it is deployed, but from its sources: of a bundle no part can be replaced. `memory`: the client of Pub/Sub
 * keeps what it is given; else where that is.
 */
export function deployedIngest(bench: Bench, pubsub: 'memory' | { port: number }): Promise<Child> {
  const env: Record<string, string> =
    pubsub === 'memory' ? { BENCH_PUBSUB: 'memory' } : { PUBSUB_EMULATOR_HOST: `127.0.0.1:${pubsub.port}` }
  return startBinary(bench, root, { FUNCTION_TARGET: 'ingest', ...env })
}

/** A handler in the framework that does nothing. */
export const emptyFunction = (bench: Bench) =>
  startBinary(bench, EMPTY_FUNCTION, { FUNCTION_TARGET: 'empty' })

/** One that does nothing after these packages were loaded, to be measured from its first moment. */
export function coldEmpty(
  bench: Bench,
  { atStart, readsState }: Needs,
  env: Readonly<Record<string, string>>,
): Promise<Child> {
  const needs = { BENCH_PACKAGES: atStart.join(' '), BENCH_READS_STATE: String(readsState ?? false) }
  return startBinary(bench, EMPTY_FUNCTION, { FUNCTION_TARGET: 'empty', ...needs, ...env }, COLD)
}

/** A deployed function, from its bundle, to be measured from its first moment. */
export const coldService = (bench: Bench, service: ServiceName, env: Readonly<Record<string, string>>) =>
  startBinary(bench, BUNDLE, { FUNCTION_TARGET: service, ...env }, COLD)

/** Makes the bundle anew. */
export function bundle(): void {
  execFileSync('npm', ['run', '--silent', 'bundle'], { cwd: root, stdio: 'ignore' })
}

function startBinary(
  bench: Bench,
  source: string,
  env: Readonly<Record<string, string>>,
  preloaded = PRELOADED,
): Promise<Child> {
  return startChild(bench, BINARY, {
    args: ['--source', source],
    env: { ...CLOUD_SETTINGS, ...env },
    nodeFlags: ['--import', preloaded],
  })
}
