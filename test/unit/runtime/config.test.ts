import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../shared/runtime/config.ts'

const signing = (letter: string) => `whsec_${Buffer.alloc(32, letter).toString('base64')}`
const tokens = { GITLAB_WEBHOOK_TOKEN: 'webhook-token', RUNNER_BANDIT_API_TOKEN: 'api-token-1, api-token-2' }

describe('the settings', () => {
  test('have a default each', () => {
    expect(loadConfig({})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      publicUrl: undefined,
      instance: 'gitlab.com',
      gitlabUrl: 'https://gitlab.com',
      webhookTokens: undefined,
      signingTokens: undefined,
      gitlabApiToken: undefined,
      apiTokens: undefined,
      adminTokens: undefined,
      idTokenAudience: undefined,
      idTokenProjects: undefined,
      pushAudience: undefined,
      pushAccounts: undefined,
      pushKeysUrl: undefined,
      dataFolder: './data',
      fleetFile: undefined,
      policyName: 'thompson',
      mode: undefined,
      routeMaxStateAgeMs: 72 * 3_600_000,
      lateAfterMs: 7 * 24 * 3_600_000,
      maxUnmanagedArms: 5000,
      webhookMaxBytes: 1_048_576,
      quarantineMaxRows: 10_000,
      quarantineMs: 30 * 24 * 3_600_000,
      retentionMs: 400 * 24 * 3_600_000,
      queueMaxMessages: 10_000,
      cloud: undefined,
      stateShards: 1,
      functionTarget: undefined,
      emulators: { pubsub: undefined, storage: undefined, bigquery: undefined },
      logLevel: 'info',
      synthetic: false,
    })
  })

  test('are taken from the environment', () => {
    const env = {
      ...tokens,
      HOST: '0.0.0.0',
      PORT: '0',
      PUBLIC_URL: 'https://bandit.example.com/',
      GITLAB_URL: 'https://gitlab.example.com/gitlab/',
      RUNNER_BANDIT_DATA: '/var/lib/bandit',
      RUNNER_BANDIT_FLEET: 'fleet.yaml',
      BANDIT_ALGORITHM: 'uniform',
      RUNNER_BANDIT_MODE: 'canary',
      ROUTE_MAX_STATE_AGE_HOURS: '1',
      LATE_AFTER_HOURS: '1',
      MAX_UNMANAGED_ARMS: '0',
      WEBHOOK_MAX_BYTES: '1024',
      GITLAB_WEBHOOK_SIGNING_TOKEN: `${signing('a')},${signing('b')}`,
      GITLAB_API_TOKEN: 'gitlab-token',
      RUNNER_BANDIT_ADMIN_TOKEN: 'admin-token',
      RUNNER_BANDIT_ID_TOKEN_AUDIENCE: 'https://bandit.example.com',
      RUNNER_BANDIT_ID_TOKEN_PROJECTS: '42, group/app,group/*',
      RUNNER_BANDIT_PUSH_AUDIENCE: 'runner-bandit',
      RUNNER_BANDIT_PUSH_ACCOUNTS: 'a@project.iam.gserviceaccount.com,b@project.iam.gserviceaccount.com',
      QUARANTINE_MAX_ROWS: '0',
      QUARANTINE_DAYS: '1',
      RETENTION_DAYS: '9',
      QUEUE_MAX_MESSAGES: '1',
      LOG_LEVEL: 'debug',
    }
    expect(loadConfig(env)).toEqual({
      host: '0.0.0.0',
      port: 0,
      publicUrl: 'https://bandit.example.com',
      instance: 'gitlab.example.com/gitlab',
      gitlabUrl: 'https://gitlab.example.com/gitlab',
      webhookTokens: ['webhook-token'],
      signingTokens: [signing('a'), signing('b')],
      gitlabApiToken: 'gitlab-token',
      apiTokens: ['api-token-1', 'api-token-2'],
      adminTokens: ['admin-token'],
      idTokenAudience: 'https://bandit.example.com',
      idTokenProjects: ['42', 'group/app', 'group/*'],
      pushAudience: 'runner-bandit',
      pushAccounts: ['a@project.iam.gserviceaccount.com', 'b@project.iam.gserviceaccount.com'],
      pushKeysUrl: undefined,
      dataFolder: '/var/lib/bandit',
      fleetFile: 'fleet.yaml',
      policyName: 'uniform',
      mode: 'canary',
      routeMaxStateAgeMs: 3_600_000,
      lateAfterMs: 3_600_000,
      maxUnmanagedArms: 0,
      webhookMaxBytes: 1024,
      quarantineMaxRows: 0,
      quarantineMs: 24 * 3_600_000,
      retentionMs: 9 * 24 * 3_600_000,
      queueMaxMessages: 1,
      cloud: undefined,
      stateShards: 1,
      functionTarget: undefined,
      emulators: { pubsub: undefined, storage: undefined, bigquery: undefined },
      logLevel: 'debug',
      synthetic: false,
    })
  })

  test('are taken from the command line first', () => {
    expect(loadConfig({ PORT: '1', HOST: 'localhost' }, { PORT: '2' })).toMatchObject({
      port: 2,
      host: 'localhost',
    })
  })

  test('count an empty value as not set', () => {
    const names = [
      'HOST',
      'PORT',
      'PUBLIC_URL',
      'RUNNER_BANDIT_FLEET',
      'BANDIT_GCS_BUCKET',
      'K_SERVICE',
      'LOG_LEVEL',
    ]
    expect(loadConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(loadConfig({}))
    expect(loadConfig({ PORT: undefined, UNRELATED: 'x' })).toEqual(loadConfig({}))
  })
})
