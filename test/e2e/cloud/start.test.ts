/** A new instance answers as soon as its modules are loaded, so what a function does not need to start must not be. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { services } from '../../../functions/services.ts'

const root = join(import.meta.dirname, '../../..')

const SETTINGS = {
  GOOGLE_CLOUD_PROJECT: 'played-project',
  BANDIT_GCS_BUCKET: 'bandit',
  GITLAB_WEBHOOK_TOKEN: 'a-token-for-tests',
  RUNNER_BANDIT_API_TOKEN: 'token-of-ci',
  RUNNER_BANDIT_MODE: 'autonomous',
  RUNNER_BANDIT_ADMIN_TOKEN: 'token-of-admin',
  RUNNER_BANDIT_PUSH_ACCOUNTS: 'pusher@played-project.iam.gserviceaccount.com',
  RUNNER_BANDIT_PUSH_AUDIENCE: 'https://functions.played-project.example',
  STORAGE_EMULATOR_HOST: 'http://127.0.0.1:1',
}

const LIST_WHAT_IS_LOADED = `
  import { registerHooks } from 'node:module'
  const loaded = []
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
  await import('./functions/index.ts')
  console.log(JSON.stringify(loaded))
  process.exit(0)`

async function loadedBy(service: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', LIST_WHAT_IS_LOADED],
    {
      cwd: root,
      env: { PATH: process.env.PATH, ...SETTINGS, FUNCTION_TARGET: service },
      maxBuffer: 10_000_000,
    },
  )
  return JSON.parse(stdout)
}

const FOR_LATER = /node_modules\/(@google-cloud\/(?:pubsub|storage|bigquery)|jose)\//
const OF_ONE_MACHINE =
  /node_modules\/(@duckdb\/|pino-pretty|commander)|deps-local|adapters\/local\/(?:bus|duckdb|state)/

test.each(services.map(({ name }) => name))(
  '%s starts without what it first needs for a message, and without the other mode',
  async (service) => {
    const loaded = await loadedBy(service)
    expect(loaded.filter((url) => url.includes('/functions/index.ts'))).toHaveLength(1)
    // recommend reads the state at once, so that its first answer can be one.
    const needless = loaded.filter((url) => FOR_LATER.test(url) && service !== 'recommend')
    expect(needless).toEqual([])
    expect(loaded.filter((url) => OF_ONE_MACHINE.test(url))).toEqual([])
  },
  60_000,
)
