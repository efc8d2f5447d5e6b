import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../shared/errors.ts'
import { loadConfig, loadConfigLeniently } from '../../../shared/runtime/config.ts'

function faultsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).faults
  }
}

const tokens = { GITLAB_WEBHOOK_TOKEN: 'webhook-token', RUNNER_BANDIT_API_TOKEN: 'api-token' }

describe('wrong settings', () => {
  test.each(['GITLAB_WEBHOOK_TOKEN', 'RUNNER_BANDIT_API_TOKEN'])(
    'take %s for a fault when it is set but empty',
    (name) => {
      const fault = `${name}: is set, but a token in it is empty`
      for (const value of ['', ' ', 'first-token,', 'first-token,,second-token']) {
        expect(faultsOf({ [name]: value })).toEqual([fault])
      }
      expect(faultsOf({ [name]: 'x' })).toEqual([])
    },
  )

  test('report every fault at once, by name', () => {
    const faults = faultsOf({
      PORT: '65536',
      GITLAB_URL: 'gitlab.example.com',
      GITLAB_WEBHOOK_TOKEN: 'some-token,',
      BANDIT_ALGORITHM: 'magic',
      LATE_AFTER_HOURS: '1.5',
      MAX_UNMANAGED_ARMS: '-1',
      LOG_LEVEL: 'loud',
    })
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'PORT',
      'GITLAB_URL',
      'GITLAB_WEBHOOK_TOKEN',
      'BANDIT_ALGORITHM',
      'LATE_AFTER_HOURS',
      'MAX_UNMANAGED_ARMS',
      'LOG_LEVEL',
    ])
    for (const fault of faults) expect(fault).toMatch(/^[A-Z_]+: .+/)
  })

  test('report faults of single settings and faults between settings together', () => {
    const faults = faultsOf({ PORT: 'x', HOST: '0.0.0.0', K_SERVICE: 'bandit' }).join('\n')
    for (const name of ['PORT', 'GITLAB_WEBHOOK_TOKEN', 'RUNNER_BANDIT_API_TOKEN', 'BANDIT_GCS_BUCKET']) {
      expect(faults).toContain(name)
    }
  })
})

describe('an address that others can reach', () => {
  test.each(['0.0.0.0', '::', '192.0.2.1', 'bandit.example.com'])(
    '%s needs a token of the webhook and one of the API',
    (host) => {
      expect(faultsOf({ HOST: host })).toHaveLength(2)
      expect(faultsOf({ HOST: host, GITLAB_WEBHOOK_TOKEN: 'webhook-token' })).toEqual([
        `HOST ${host} is not a loopback address: RUNNER_BANDIT_API_TOKEN or RUNNER_BANDIT_ID_TOKEN_AUDIENCE must be set`,
      ])
      expect(faultsOf({ HOST: host, RUNNER_BANDIT_API_TOKEN: 'api-token' })).toEqual([
        `HOST ${host} is not a loopback address: GITLAB_WEBHOOK_TOKEN or GITLAB_WEBHOOK_SIGNING_TOKEN must be set`,
      ])
      const signed = { GITLAB_WEBHOOK_SIGNING_TOKEN: `whsec_${Buffer.alloc(32, 's').toString('base64')}` }
      expect(faultsOf({ HOST: host, RUNNER_BANDIT_API_TOKEN: 'api-token', ...signed })).toEqual([])
      expect(faultsOf({ HOST: host, ...tokens })).toEqual([])
    },
  )

  test.each(['127.0.0.1', '::1', 'localhost'])('%s is none', (host) => {
    expect(faultsOf({ HOST: host })).toEqual([])
  })
})

describe('on Google Cloud', () => {
  test('a missing bucket is a fault and never a local file', () => {
    expect(faultsOf({ K_SERVICE: 'bandit', ...tokens })).toEqual([
      expect.stringContaining('BANDIT_GCS_BUCKET must be set'),
    ])
    expect(faultsOf({ K_SERVICE: 'bandit', BANDIT_GCS_BUCKET: '', ...tokens })).toHaveLength(1)
  })

  test('a bucket needs its project', () => {
    expect(faultsOf({ BANDIT_GCS_BUCKET: 'bucket' })).toEqual([
      expect.stringContaining('GOOGLE_CLOUD_PROJECT must be set'),
    ])
  })

  test('what a function needs besides is told with all other faults', () => {
    const load = () =>
      loadConfig({ K_SERVICE: 'bandit', PORT: 'x' }, {}, ['RUNNER_BANDIT_ADMIN_TOKEN', ['ONE', 'OTHER']])
    expect(load).toThrow(
      /PORT[\s\S]*BANDIT_GCS_BUCKET must be set[\s\S]*RUNNER_BANDIT_ADMIN_TOKEN must be set[\s\S]*ONE or OTHER must be set/,
    )
  })
})

test('a token of a GitLab whose address is not legible is for no other', () => {
  const given = { GITLAB_URL: 'gitlab.example.com', GITLAB_API_TOKEN: 'token-of-example' }
  expect(loadConfigLeniently(given).settings.gitlabApiToken).toBeUndefined()
  const legible = { ...given, GITLAB_URL: 'https://gitlab.example.com', PORT: 'x' }
  expect(loadConfigLeniently(legible).settings).toMatchObject({
    gitlabUrl: 'https://gitlab.example.com',
    gitlabApiToken: 'token-of-example',
  })
})

test('no secret is repeated in the text of a fault', () => {
  const secret = fc.stringMatching(/^[a-z]{4}[A-Z0-9]{9}$/)
  fc.assert(
    fc.property(secret, secret, (webhook, api) => {
      const faults = faultsOf({
        GITLAB_WEBHOOK_TOKEN: `${webhook},`,
        RUNNER_BANDIT_API_TOKEN: `,${api}`,
        PORT: 'x',
        HOST: '0.0.0.0',
      }).join('\n')
      for (const name of ['GITLAB_WEBHOOK_TOKEN', 'RUNNER_BANDIT_API_TOKEN']) expect(faults).toContain(name)
      for (const text of [webhook, api]) expect(faults).not.toContain(text)
    }),
  )
})
