/** Commands on a cloud that does not let them in, or is not there: each ends with one sentence that says what to do. */
import { PubSub } from '@google-cloud/pubsub'
import { describe, expect, onTestFinished, test } from 'vitest'
import { playedBigquery } from '../../support/bigquery.ts'
import { BUCKET, startFakeStorage } from '../../support/fake-storage/index.ts'
import { createPubsub, startPubsubEmulator } from '../../support/pubsub-emulator.ts'
import { runCommand } from '../../support/server.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Each with the service that it asks first. */
const FIRST_ASKED = {
  stats: 'Cloud Storage',
  'dead-letters list': 'Pub/Sub',
  rebuild: 'Cloud Storage',
  'deploy-sql --dry-run': 'BigQuery',
  'sql SELECT/**/1': 'BigQuery',
}
const MORE_COMMANDS = [
  'recommend --project 7 --job rspec',
  'dead-letters redrive',
  'quarantine list',
  'rebuild --check',
  'reset --yes',
  'reshard --shards 2',
]
const CLOUD = { BANDIT_GCS_BUCKET: 'a-bucket', GOOGLE_CLOUD_PROJECT: 'a-project', LOG_LEVEL: 'warning' }
const NO_CREDENTIALS = 'No credentials for Google Cloud. Run "gcloud auth application-default login".'

/** What each command said on stderr, line by line (a stack has several), and its exit code. */
async function outcomes(commands: readonly string[], env: Record<string, string>) {
  const HOME = temporaryFolder()
  const run = async (command: string) => {
    const { code, stderr } = await runCommand(command.split(' '), { HOME, ...CLOUD, ...env })
    return [command, [code, ...stderr.trimEnd().split('\n')]] as const
  }
  return Object.fromEntries(await Promise.all(commands.map(run)))
}

const expected = (sayings: Record<string, RegExp>) =>
  Object.fromEntries(
    Object.entries(sayings).map(([command, saying]) => [command, [1, expect.stringMatching(saying)]]),
  )

describe('without credentials', () => {
  const env = { METADATA_SERVER_DETECTION: 'none' }

  test('every command says how to log in, and nothing else', async () => {
    const commands = [...Object.keys(FIRST_ASKED), ...MORE_COMMANDS]
    const sayings = commands.map((command) => [command, [1, `runner-bandit: ${NO_CREDENTIALS}`]])
    expect(await outcomes(commands, env)).toEqual(Object.fromEntries(sayings))
  })

  test('doctor says so once, and goes on with what it can', async () => {
    const HOME = temporaryFolder()
    const { code, stdout, stderr } = await runCommand(['doctor', '--json'], {
      ...{ HOME, ...CLOUD, ...env },
      GITLAB_URL: 'http://127.0.0.1:1',
      LOG_LEVEL: 'loud',
    })
    const { checks } = JSON.parse(stdout) as { checks: Record<string, string>[] }
    expect([code, stderr]).toEqual([1, ''])
    expect(checks.filter(({ status }) => status === 'Failed')).toMatchObject([
      { name: 'Settings', finding: expect.stringContaining('LOG_LEVEL') },
      { name: 'Credentials', finding: NO_CREDENTIALS, mend: 'gcloud auth application-default login' },
    ])
  })

  test('half of the settings of a cloud are a fault of the settings, and no folder is looked for', async () => {
    const HOME = temporaryFolder()
    const { stdout } = await runCommand(['doctor', '--json'], { HOME, BANDIT_GCS_BUCKET: 'a-bucket' })
    const { checks } = JSON.parse(stdout) as { checks: Record<string, string>[] }
    expect(checks.filter(({ status }) => status === 'Failed').map(({ finding }) => finding)).toEqual([
      'BANDIT_GCS_BUCKET is set: GOOGLE_CLOUD_PROJECT must be set, too',
    ])
    expect(checks.map(({ name }) => name)).not.toContain('Data folder')
  })

  test('a file of credentials that is not there is named', async () => {
    const found = await outcomes(['stats'], { ...env, GOOGLE_APPLICATION_CREDENTIALS: '/no/key.json' })
    expect(found).toEqual(expected({ stats: /^runner-bandit: .*\/no\/key\.json does not exist/ }))
  })

  test('a machine whose metadata server does not answer is as one without', async () => {
    const found = await outcomes(['stats'], { GCE_METADATA_HOST: '127.0.0.1:1' })
    expect(found).toEqual(expected({ stats: /^runner-bandit: No credentials for Google Cloud\./ }))
  })
})

test('when nobody answers, a command says who does not', async () => {
  const nowhere = 'http://127.0.0.1:1'
  const env = {
    STORAGE_EMULATOR_HOST: nowhere,
    BIGQUERY_ENDPOINT: nowhere,
    PUBSUB_EMULATOR_HOST: '127.0.0.1:1',
  }
  const sayings = Object.entries(FIRST_ASKED).map(([command, who]) => [
    command,
    new RegExp(`^runner-bandit: ${who} .*ECONNREFUSED`),
  ])
  expect(await outcomes(Object.keys(FIRST_ASKED), env)).toEqual(expected(Object.fromEntries(sayings)))
})

const started = await startPubsubEmulator()

describe.skipIf('missing' in started)(
  `on a played cloud${'missing' in started ? ` (${started.missing})` : ''}`,
  () => {
    const emulator = 'emulator' in started ? started.emulator : { host: '' }

    async function playedCloud(): Promise<Record<string, string>> {
      const storage = await startFakeStorage()
      onTestFinished(() => storage.close())
      const { fake } = await playedBigquery({ projectId: 'its-project' })
      return {
        STORAGE_EMULATOR_HOST: storage.url,
        BIGQUERY_ENDPOINT: fake.url,
        PUBSUB_EMULATOR_HOST: emulator.host,
        METADATA_SERVER_DETECTION: 'none',
      }
    }

    test('in another project or bucket a command says what is not there, or not to be seen', async () => {
      const bucket = /^runner-bandit: BANDIT_GCS_BUCKET: there is no bucket a-bucket/
      const project = /^runner-bandit: BigQuery .*Project a-project/
      expect(await outcomes(Object.keys(FIRST_ASKED), await playedCloud())).toEqual(
        expected({
          stats: bucket,
          'dead-letters list':
            /^runner-bandit: Pub\/Sub has no subscription dead-letters in project a-project/,
          rebuild: bucket,
          'deploy-sql --dry-run': project,
          'sql SELECT/**/1': project,
        }),
      )
    })

    test('recommend answers from the state, and what it says goes to the journal', async () => {
      const env = { ...(await playedCloud()), GOOGLE_CLOUD_PROJECT: 'its-project', BANDIT_GCS_BUCKET: BUCKET }
      await createPubsub(emulator, 'its-project', [{ name: 'record-journal', topic: 'journal' }])
      const options = ['--project', '7', '--job', 'rspec', '--tags', 'docker-any', '--json']
      const { code, stdout, stderr } = await runCommand(['recommend', ...options], env)
      expect([code, stderr]).toEqual([0, ''])
      const answer = JSON.parse(stdout) as { kind: string; decision_id: string }
      expect(answer.kind).toBe('arm')
      const pubsub = new PubSub({ projectId: 'its-project', apiEndpoint: emulator.host })
      onTestFinished(() => pubsub.close())
      const entry = await new Promise<unknown>((resolve) => {
        pubsub.subscription('record-journal').once('message', (message) => {
          message.ack()
          resolve(JSON.parse(message.data.toString()))
        })
      })
      expect(entry).toMatchObject({
        jsonPayload: { table: 'recommendations', row: { decision_id: answer.decision_id } },
      })
    })
  },
)
