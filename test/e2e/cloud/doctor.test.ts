/** doctor of a played cloud: well as infra/ makes it, and with one thing after the other broken. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { diagnoseCloud } from '../../../functions/cloud/doctor/doctor.ts'
import { planDeployment } from '../../../functions/deploy-sql.ts'
import { replay } from '../../../functions/replay.ts'
import { systemClock } from '../../../shared/adapters/clock.ts'
import { loadConfigLeniently } from '../../../shared/runtime/config.ts'
import { describe as describeTable } from '../../../shared/runtime/sql.ts'
import { playedBigquery } from '../../support/bigquery.ts'
import { type PlayedCloud, startPlayedCloud } from '../../support/cloud/index.ts'
import { BUCKET, startFakeStorage } from '../../support/fake-storage/index.ts'
import { startPubsubEmulator } from '../../support/pubsub-emulator.ts'
import { runCommand } from '../../support/server.ts'
import { temporaryFolder, type WhenDone } from '../../support/temporary-folder.ts'
import { jobWebhook } from '../../support/webhook.ts'

const FLEET = join(import.meta.dirname, '../../../shared/fleet.example.yaml')
const STATE = 'bandit_state.json'
const PUSHER = 'pusher@played-project.iam.gserviceaccount.com'
const PUSHED = {
  learn: 'learn',
  shadow: 'shadow',
  'record-quarantine': 'record',
  'record-journal': 'record',
}
const WRITTEN = { 'record-events': 'job-events', 'record-choice-sets': 'choice-sets' }

const started = await startPubsubEmulator()
const cleanups: (() => unknown)[] = []
const whenDone = (cleanUp: () => unknown) => void cleanups.push(cleanUp)
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp()
})

/** Answers everything with this status, and with a date as every server does. */
async function answering(status: number, until: WhenDone = onTestFinished) {
  const server = createServer((_request, response) => response.writeHead(status).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  until(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const pushTo = (name: keyof typeof PUSHED) => ({
  pushEndpoint: `https://${PUSHED[name]}.played.example/push/${name}`,
  oidcToken: { serviceAccountEmail: PUSHER, audience: `https://${PUSHED[name]}.played.example` },
})

/** What infra/ says of subscriptions besides what a played cloud needs. */
async function setAsInfraDoes({ pubsub }: PlayedCloud): Promise<void> {
  for (const name of Object.keys(PUSHED) as (keyof typeof PUSHED)[])
    await pubsub.subscription(name).modifyPushConfig(pushTo(name))
  for (const [name, topic] of Object.entries(WRITTEN)) {
    await pubsub.subscription(name).delete()
    await pubsub.createSubscription(topic, name, {
      bigqueryConfig: { table: `played-project.ci_metrics.${topic.replace('-', '_')}`, useTableSchema: true },
      deadLetterPolicy: { deadLetterTopic: 'projects/played-project/topics/dead-letters' },
    })
  }
}

describe.skipIf('missing' in started)(
  `doctor of the cloud${'missing' in started ? ` (${started.missing})` : ''}`,
  () => {
    let cloud: PlayedCloud
    let addresses: { url: string; recommendUrl: string }
    let env: Record<string, string>

    beforeAll(async () => {
      if ('missing' in started) return
      const run = ['ingest', 'recommend'] as const
      cloud = await startPlayedCloud(started.emulator, whenDone, { run, delivers: false })
      addresses = { url: cloud.functionOf('ingest').url, recommendUrl: cloud.functionOf('recommend').url }
      env = { ...cloud.env, RUNNER_BANDIT_FLEET: FLEET, GITLAB_URL: await answering(401, whenDone) }
      await setAsInfraDoes(cloud)
      await learn(jobWebhook())
    }, 120_000)

    async function learn(webhook: unknown): Promise<void> {
      const path = join(temporaryFolder(whenDone), 'payload.json')
      writeFileSync(path, JSON.stringify(webhook))
      await replay({ paths: [path] }, cloud.openDeps())
    }

    async function doctor(
      other: Record<string, string> = {},
      clock = systemClock,
      at: { url?: string; recommendUrl?: string } = addresses,
    ) {
      const checks = await diagnoseCloud(loadConfigLeniently({ ...env, ...other }), at, clock)
      const not = (status: string) =>
        checks.filter((check) => check.status === status).map(({ name }) => name)
      const of = (name: string) => checks.find((check) => check.name === name)
      return { of, failed: not('Failed'), warnings: not('Warning') }
    }

    test('what infra/ makes is well, and is the same after it was looked at', async () => {
      const picture = () => JSON.stringify(cloud.storage.versions().map(({ bytes: _, ...head }) => head))
      const before = picture()
      const { url, recommendUrl } = addresses
      const options = ['--url', url, '--recommend-url', recommendUrl]
      const { code, stdout, stderr } = await runCommand(['doctor', '--json', ...options], env)
      const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Record<string, string>[] }
      const notWell = checks.filter(({ status }) => status !== 'OK')
      expect(notWell.map(({ name, status }) => `${name}: ${status}`)).toEqual([
        // The one that is there was replayed.
        'Webhooks: Warning',
        'GitLab API: Skipped',
      ])
      expect([code, ok, stderr]).toEqual([0, true, ''])
      expect(Object.fromEntries(checks.map(({ name, finding }) => [name, finding]))).toMatchObject({
        Credentials: 'none needed: emulators are asked',
        Bucket: `gs://${BUCKET} in EUROPE-WEST1, keeps versions`,
        State: expect.stringMatching(
          /^1 observations in 1 shard, written \d+ \w+ ago, generation \d+, as in the log$/,
        ),
        Topics: 'job-events, quarantine, choice-sets, journal, dead-letters',
        Subscriptions: `7 are there; finishes are pushed to https://learn.played.example/push/learn by ${PUSHER}`,
        'Dead letters': 'none',
        recommend: expect.stringMatching(/^ready, /),
        ingest: `${url} refuses a webhook without a token`,
      })
      expect(picture()).toBe(before)
    })

    test('a subscription that is missing, or set otherwise, is told by name', async () => {
      const { pubsub } = cloud
      onTestFinished(async () => {
        await pubsub.createSubscription('job-events', 'shadow', {
          pushConfig: pushTo('shadow'),
          deadLetterPolicy: { deadLetterTopic: 'projects/played-project/topics/dead-letters' },
        })
        await pubsub.subscription('record-quarantine').modifyPushConfig(pushTo('record-quarantine'))
        await pubsub.subscription('record-journal').setMetadata({ messageRetentionDuration: 604_800 })
      })
      await pubsub.subscription('record-journal').setMetadata({ messageRetentionDuration: 3600 })
      expect((await doctor()).of('Subscriptions')).toMatchObject({
        status: 'Warning',
        finding: 'record-journal keeps what waits for 60 min only',
      })
      await pubsub.subscription('shadow').delete()
      await pubsub
        .subscription('record-quarantine')
        .modifyPushConfig({ pushEndpoint: 'https://record.played.example/push/record-journal' })
      const found = await doctor()
      expect(found.failed).toEqual(['Subscriptions'])
      expect(found.of('Subscriptions')?.finding.split('\n')).toEqual([
        'shadow is missing',
        'record-quarantine is pushed to https://record.played.example/push/record-journal, which should end with /push/record-quarantine',
        'record-quarantine is pushed without the token of an account, so the function refuses it',
        'record-journal keeps what waits for 60 min only',
      ])
    })

    test('of two shards each has to have its learner, and the state has to be so divided', async () => {
      const found = await doctor({ BANDIT_STATE_SHARDS: '2' })
      expect(found.failed).toEqual(['State', 'Subscriptions'])
      expect(found.of('State')?.finding).toBe('it has 1 shard, and BANDIT_STATE_SHARDS says 2')
      expect(found.of('Subscriptions')?.finding).toBe('learn-0 is missing\nlearn-1 is missing')
    })

    test('a bucket without versions, rights that are missing, and no such bucket fail', async () => {
      const careless = await startFakeStorage({ isVersioned: false, denied: ['storage.objects.get'] })
      onTestFinished(() => careless.close())
      const found = await doctor({ STORAGE_EMULATOR_HOST: careless.url })
      expect(found.failed).toEqual(['Bucket', 'Rights'])
      expect(found.of('Bucket')?.finding).toContain('keeps no versions')
      expect(found.of('Rights')?.finding).toBe('you may not read the state: storage.objects.get')
      const elsewhere = await doctor({ BANDIT_GCS_BUCKET: 'nobodys' })
      expect(elsewhere.failed).toEqual(['Bucket', 'State'])
      expect(elsewhere.of('Bucket')?.finding).toContain('there is no bucket nobodys')
    })

    test('a table that is missing fails, and what it would tell is skipped', async () => {
      const { fake, schema, catalogue } = await playedBigquery({ projectId: 'played-project', bare: true })
      for (const { what, ddl } of planDeployment({ catalogue, describe: describeTable }, null))
        if (what !== 'create table quarantine') await schema.define(ddl)
      const found = await doctor({ BIGQUERY_ENDPOINT: fake.url })
      expect(found.of('Dataset')).toMatchObject({
        status: 'Failed',
        finding: 'not done: create table quarantine',
        mend: 'npx runner-bandit deploy-sql',
      })
      expect(found.of('Quarantine')?.status).toBe('Skipped')
    })

    test('while an operation holds the state it says until when', async () => {
      const hold = await cloud.openDeps().deliveries.hold(() => doctor())
      expect(hold.of('Hold')).toMatchObject({
        status: 'Warning',
        finding: expect.stringMatching(/^held by an operation until 20/),
      })
      expect((await doctor()).of('Hold')?.status).toBe('OK')
    })

    test('what the log has and the state has not is counted, and a warning when that lasts', async () => {
      const now = Date.now()
      const before = cloud.storage.object(STATE)
      await learn(jobWebhook({ build_id: 1002 }, now - 3_600_000))
      const { bytes, metadata } = before ?? { bytes: Buffer.alloc(0), metadata: {} }
      cloud.storage.place(STATE, bytes, metadata)
      const behind = await doctor()
      expect(behind.of('State')).toMatchObject({ status: 'OK' })
      expect(behind.of('State')?.finding).toMatch(/^1 observations .*; 1 not learned yet$/)
      const later = await doctor({}, { now: () => Date.now() + 4 * 60_000 })
      expect(later.of('State')?.status).toBe('OK')
      const muchLater = await doctor({}, { now: () => Date.now() + 3_600_000 })
      expect(muchLater.of('State')).toMatchObject({ status: 'Warning' })
      expect(muchLater.of('State')?.finding).toContain('1 not learned yet, the oldest for 60 min')
    })

    test('a state that cannot be understood fails, although the version before it is used', async () => {
      const { bytes, metadata } = cloud.storage.object(STATE) ?? { bytes: Buffer.alloc(0), metadata: {} }
      onTestFinished(() => cloud.storage.place(STATE, bytes, metadata))
      cloud.storage.place(STATE, 'garbage', metadata)
      expect((await doctor()).of('State')).toMatchObject({
        status: 'Failed',
        finding: expect.stringMatching(/cannot be understood; the one before it is used/),
        mend: 'npx runner-bandit rebuild',
      })
    })

    test('a clock that is six minutes off fails', async () => {
      const off = await doctor({}, { now: () => Date.now() - 6 * 60_000 })
      expect(off.of('Clock')).toMatchObject({
        status: 'Failed',
        finding: expect.stringMatching(
          /^it is \d+ min behind that of Cloud Storage, \d+ min behind that of GitLab$/,
        ),
      })
    })

    test('dead letters are counted, and are there afterwards', async () => {
      await cloud.pubsub.topic('dead-letters').publishMessage({ data: Buffer.from('{}') })
      for (const _ of [1, 2])
        expect((await doctor()).of('Dead letters')).toMatchObject({
          status: 'Warning',
          finding: expect.stringMatching(/^at least 1 messages were given up on/),
        })
    })

    test('functions that let anybody in, or nobody, fail', async () => {
      const open = await doctor({}, systemClock, { url: await answering(202) })
      expect(open.of('ingest')?.finding).toMatch(/takes a webhook without a token \(202\)$/)
      expect(open.of('recommend')?.status).toBe('Failed')
      const closed = await doctor({}, systemClock, { url: await answering(403) })
      expect([closed.of('ingest')?.finding, closed.of('recommend')?.finding]).toEqual([
        expect.stringContaining('Cloud Run lets nobody through'),
        expect.stringContaining('Cloud Run lets nobody through'),
      ])
      const { url } = addresses
      const swapped = await doctor({}, systemClock, { url })
      expect(swapped.of('recommend')?.finding).toBe(
        `there is no /health at ${url}: recommend has an address of its own`,
      )
    })
  },
)
