/** The settings of identity tokens: what is half set would refuse everybody, or let everybody in. */
import { expect, test } from 'vitest'
import { ConfigError } from '../../../shared/errors.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

const audience = { RUNNER_BANDIT_ID_TOKEN_AUDIENCE: 'https://bandit.example.com' }
const projects = { RUNNER_BANDIT_ID_TOKEN_PROJECTS: 'group/*' }
const pushAudience = { RUNNER_BANDIT_PUSH_AUDIENCE: 'runner-bandit' }
const accounts = { RUNNER_BANDIT_PUSH_ACCOUNTS: 'push@project-1.iam.gserviceaccount.com' }

test.each<[string, Record<string, string>, RegExp]>([
  ['an audience without projects, since every job of the instance could ask', audience, /_PROJECTS must say/],
  ['projects without an audience', projects, /without RUNNER_BANDIT_ID_TOKEN_AUDIENCE/],
  ['an audience of pushes without accounts', pushAudience, /_ACCOUNTS must say/],
  ['accounts without an audience of pushes', accounts, /without RUNNER_BANDIT_PUSH_AUDIENCE/],
  [
    'keys that come unencrypted',
    { ...audience, ...projects, GITLAB_URL: 'http://gitlab.example.com' },
    /GITLAB_URL must be https/,
  ],
  [
    'a token of the API that would be taken for an id token',
    { ...audience, ...projects, RUNNER_BANDIT_API_TOKEN: 'plain,one.two.three' },
    /has two dots/,
  ],
  ['all projects at once', { ...audience, RUNNER_BANDIT_ID_TOKEN_PROJECTS: '*' }, /ids, full paths/],
  ['a group without a star', { ...audience, RUNNER_BANDIT_ID_TOKEN_PROJECTS: 'group' }, /ids, full paths/],
  ['stars in the middle', { ...audience, RUNNER_BANDIT_ID_TOKEN_PROJECTS: 'a/*/b' }, /ids, full paths/],
  ['an entry without anything', { ...audience, RUNNER_BANDIT_ID_TOKEN_PROJECTS: '42,' }, /ids, full paths/],
  ['an account that is no address', { ...pushAudience, RUNNER_BANDIT_PUSH_ACCOUNTS: 'push' }, /no e-mail/],
])('%s is a fault', (_name, env, fault) => {
  expect(faultsOf(env)).toEqual([expect.stringMatching(fault)])
})

test('an API token with dots is none while no id tokens are taken', () => {
  expect(faultsOf({ RUNNER_BANDIT_API_TOKEN: 'one.two.three' })).toEqual([])
})

test('keys of a GitLab on this machine need no https', () => {
  expect(faultsOf({ ...audience, ...projects, GITLAB_URL: 'http://127.0.0.1:8929' })).toEqual([])
})

test('an address that others can reach may have id tokens instead of a token of the API', () => {
  const open = { HOST: '0.0.0.0', GITLAB_WEBHOOK_TOKEN: 'webhook-token' }
  expect(faultsOf({ ...open, ...audience, ...projects })).toEqual([])
  expect(faultsOf(open)).toHaveLength(1)
})
