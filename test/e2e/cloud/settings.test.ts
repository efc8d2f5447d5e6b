/** A function whose settings are wrong ends before anyone can reach it, and its operator reads every fault. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, expect, test } from 'vitest'
import { FRAMEWORK, ROOT } from '../../support/cloud/function.ts'

const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

const CLOUD = { GOOGLE_CLOUD_PROJECT: 'played-project', BANDIT_GCS_BUCKET: 'bandit' }
const PUSHES = {
  RUNNER_BANDIT_PUSH_ACCOUNTS: 'pusher@played-project.iam.gserviceaccount.com',
  RUNNER_BANDIT_PUSH_AUDIENCE: 'https://learn.example',
}
const NO_PUSHES = ['RUNNER_BANDIT_PUSH_ACCOUNTS must be set', 'RUNNER_BANDIT_PUSH_AUDIENCE must be set']

/** Says so on stdout when a server of the process begins to listen. */
const TELLTALE = `import net from 'node:net'
const { listen } = net.Server.prototype
net.Server.prototype.listen = function (...where) {
  process.stdout.write('listens')
  return listen.apply(this, where)
}`

/** Starts it as Cloud Run does. */
async function outcomeOf(env: Record<string, string>) {
  const child = spawn(process.execPath, [FRAMEWORK, '--source', ROOT], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(TELLTALE)}`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
    if (stdout.includes('listens')) child.kill('SIGKILL')
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

test.each<[string, Record<string, string>, string[]]>([
  [
    'ingest without a secret of the webhook',
    { FUNCTION_TARGET: 'ingest', ...CLOUD },
    ['GITLAB_WEBHOOK_TOKEN or GITLAB_WEBHOOK_SIGNING_TOKEN must be set'],
  ],
  [
    'ingest with an empty one',
    { FUNCTION_TARGET: 'ingest', ...CLOUD, GITLAB_WEBHOOK_TOKEN: '' },
    ['GITLAB_WEBHOOK_TOKEN: is set, but a token in it is empty'],
  ],
  [
    'recommend without anything for CI to show',
    { FUNCTION_TARGET: 'recommend', ...CLOUD },
    ['RUNNER_BANDIT_API_TOKEN or RUNNER_BANDIT_ID_TOKEN_AUDIENCE must be set'],
  ],
  [
    'admin without its token',
    { FUNCTION_TARGET: 'admin', ...CLOUD },
    ['RUNNER_BANDIT_ADMIN_TOKEN must be set'],
  ],
  ['learn without anyone to believe', { FUNCTION_TARGET: 'learn', ...CLOUD }, NO_PUSHES],
  ['ticks without anyone to believe', { FUNCTION_TARGET: 'ticks', ...CLOUD }, NO_PUSHES],
  [
    'learn with keys that could be exchanged on the way',
    { FUNCTION_TARGET: 'learn', ...CLOUD, ...PUSHES, RUNNER_BANDIT_PUSH_KEYS_URL: 'http://keys.example' },
    ['Keys of https://accounts.google.com must come by https'],
  ],
  ['shadow without a bucket', { FUNCTION_TARGET: 'shadow', ...PUSHES }, ['BANDIT_GCS_BUCKET must be set']],
  [
    'record without a fleet that can be read',
    { FUNCTION_TARGET: 'record', ...CLOUD, ...PUSHES, RUNNER_BANDIT_FLEET: '/nowhere/fleet.yaml' },
    ['RUNNER_BANDIT_FLEET: /nowhere/fleet.yaml cannot be read'],
  ],
  ['no function', {}, ['FUNCTION_TARGET must say which function this is']],
  [
    'a function that is none, and more',
    { FUNCTION_TARGET: '__proto__', LOG_LEVEL: 'loud', BANDIT_GCS_BUCKET: 'bandit' },
    [
      'FUNCTION_TARGET must say which function this is',
      'LOG_LEVEL: ',
      'GOOGLE_CLOUD_PROJECT must be set, too',
    ],
  ],
  [
    'nothing at all',
    { FUNCTION_TARGET: 'ingest', K_SERVICE: 'ingest' },
    ['BANDIT_GCS_BUCKET must be set', 'GITLAB_WEBHOOK_TOKEN or GITLAB_WEBHOOK_SIGNING_TOKEN must be set'],
  ],
])('%s: it ends by itself before it listens, and says so', async (_name, env, faults) => {
  const { code, stdout, stderr } = await outcomeOf(env)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  const lines = stderr.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^runner-bandit: /)
  for (const fault of faults) expect(stderr).toContain(fault)
  // Nothing but faults: no stack, and no guess of the framework's at an error of syntax.
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}- /)
})
