/**
 * The product on a cloud that is played on this machine: Google's Pub/Sub emulator, fakes of Cloud Storage and BigQuery,
 * and each function in a process of functions-framework.
 */
import { PubSub } from '@google-cloud/pubsub'
import { routes } from '../../../functions/routes.ts'
import { services } from '../../../functions/services.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { openCloudDeps } from '../../../shared/runtime/deps-cloud.ts'
import { isTopicRoute, type ServiceName } from '../../../shared/runtime/handler.ts'
import { playedBigquery } from '../bigquery.ts'
import { BUCKET, type FakeStorage, startFakeStorage } from '../fake-storage/index.ts'
import { type Claims, startPlayedIssuer } from '../played-issuer.ts'
import { createPubsub, type Emulator, removePubsub } from '../pubsub-emulator.ts'
import { silent, WEBHOOK_TOKEN } from '../server.ts'
import { FAIR, sendIn, startFrontEnd, type Weather } from './front-end.ts'
import { type RunningFunction, startFunction } from './function.ts'
import { bigquerySubscription, logSink } from './no-code.ts'
import { pushOn } from './pusher.ts'

const PUSHER = 'pusher@played-project.iam.gserviceaccount.com'
const AUDIENCE = 'https://functions.played-project.example'
/** Pushes of one subscription that are under way at a time. */
const MANY = 1000
const GOOGLE = 'https://accounts.google.com'
export const API_TOKEN = 'token-of-ci'
export const ADMIN_TOKEN = 'token-of-admin'

export type PlayedCloud = Awaited<ReturnType<typeof startPlayedCloud>>
type WhenDone = (cleanUp: () => unknown) => void

/** What the token says that Google sends with a push or a tick. */
export function pushClaims(overrides: Claims = {}): Claims {
  const now = Math.floor(Date.now() / 1000)
  const standard = { iss: GOOGLE, aud: AUDIENCE, iat: now, exp: now + 3600 }
  return { ...standard, email: PUSHER, email_verified: true, ...overrides }
}

export async function startPlayedCloud(
  emulator: Emulator,
  whenDone: WhenDone,
  options: {
    run?: readonly ServiceName[]
    env?: Record<string, string>
    weather?: Weather
    /** Push many messages of a subscription at a time, which the emulator by itself does not. */
    manyAtOnce?: boolean
    storage?: Parameters<typeof startFakeStorage>[0]
    /** Of its own for each cloud of one emulator. */
    projectId?: string
    /** False: messages wait in their subscriptions until somebody pulls them. */
    delivers?: boolean
    /** Gets each line that a function logs. */
    onLog?: (line: string) => void
  } = {},
) {
  const {
    run = ['ingest', 'recommend', 'learn', 'shadow', 'record'],
    weather = FAIR,
    manyAtOnce = false,
  } = options
  const { projectId = 'played-project', delivers = true, onLog } = options
  const storage: FakeStorage = await startFakeStorage(options.storage)
  whenDone(() => storage.close())
  const { fake: bigquery, warehouse } = await playedBigquery({ projectId, whenDone })
  const issuer = await startPlayedIssuer(whenDone)
  const env = {
    GOOGLE_CLOUD_PROJECT: projectId,
    BANDIT_GCS_BUCKET: BUCKET,
    GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
    RUNNER_BANDIT_API_TOKEN: API_TOKEN,
    RUNNER_BANDIT_MODE: 'autonomous',
    BANDIT_ALGORITHM: 'ucb1',
    RUNNER_BANDIT_ADMIN_TOKEN: ADMIN_TOKEN,
    RUNNER_BANDIT_PUSH_ACCOUNTS: PUSHER,
    RUNNER_BANDIT_PUSH_AUDIENCE: AUDIENCE,
    RUNNER_BANDIT_PUSH_KEYS_URL: issuer.jwksUrl,
    STORAGE_EMULATOR_HOST: storage.url,
    BIGQUERY_ENDPOINT: bigquery.url,
    PUBSUB_EMULATOR_HOST: emulator.host,
    METADATA_SERVER_DETECTION: 'none',
    LOG_LEVEL: 'warning',
    ...options.env,
  }
  const running = new Map<string, RunningFunction>()
  const token = () => issuer.token(pushClaims())
  let cached = { token: token(), until: Date.now() + 600_000 }
  const cachedToken = () => {
    if (Date.now() > cached.until) cached = { token: token(), until: Date.now() + 600_000 }
    return cached.token
  }
  const send = sendIn(weather, cachedToken)
  const frontEnd = await startFrontEnd((service) => running.get(service)?.url, send)
  whenDone(() => frontEnd.close())

  const topics = routes.filter(isTopicRoute).filter(({ service }) => service !== 'journal')
  await createPubsub(
    emulator,
    projectId,
    topics.map(({ name, trigger, service }) => ({
      name,
      topic: trigger.topic,
      ...(manyAtOnce ? {} : { minimumBackoffSeconds: 1, maximumBackoffSeconds: 5 }),
      ...(service === 'bigquery' || !delivers || manyAtOnce
        ? {}
        : { pushEndpoint: `${frontEnd.url}/${service}/push/${name}` }),
    })),
  )
  whenDone(() => removePubsub(emulator, projectId))
  const pubsub = new PubSub({ projectId, apiEndpoint: emulator.host })
  whenDone(() => pubsub.close())
  for (const { name, trigger } of topics.filter(({ service }) => delivers && service === 'bigquery')) {
    const table = trigger.topic === 'job-events' ? 'job_events' : 'choice_sets'
    const written = bigquerySubscription(pubsub.subscription(name), table, warehouse)
    whenDone(() => written.close())
  }
  for (const { name, service } of topics.filter(({ service }) => service !== 'bigquery' && manyAtOnce)) {
    const flowControl = { maxMessages: MANY, allowExcessMessages: false }
    const url = () => `${running.get(service)?.url}/push/${name}`
    const pushing = pushOn(pubsub.subscription(name, { flowControl }), name, url, send)
    whenDone(() => pushing.close())
  }
  const sink = logSink(pubsub, 'journal')
  for (const { name } of services.filter(({ name }) => run.includes(name))) {
    const started = await startFunction(name, env, name === 'recommend' ? sink : undefined, onLog)
    running.set(name, started)
    whenDone(() => started.stop())
  }
  const functionOf = (name: ServiceName) => {
    const found = running.get(name)
    if (found === undefined) throw new Error(`the function ${name} was not started`)
    return found
  }
  return {
    env,
    storage,
    bigquery,
    warehouse,
    pubsub,
    issuer,
    frontEnd,
    functionOf,
    /** The ports as the command line opens them. */
    openDeps(more: Record<string, string> = {}) {
      const deps = openCloudDeps(loadConfig({ ...env, ...more }), silent)
      whenDone(() => deps.close())
      return deps
    },
  }
}
