/** Google's emulator of Pub/Sub, where the machine has it; and what infra/ makes there. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PubSub } from '@google-cloud/pubsub'
import { freePort } from './free-port.ts'

export type Emulator = {
  /** As PUBSUB_EMULATOR_HOST wants it: `host:port`. */
  host: string
}

/** What runs, or why it does not. */
export type Started = { emulator: Emulator } | { missing: string }

const UP_WITHIN_MS = 30_000

/**
 * A shell stands between: it ends the emulator when its input does, and so also when this process is killed.
 * `$@` is the command.
 */
const ENDS_WITH_ITS_INPUT = '"$@" & pid=$!; cat > /dev/null; kill -9 $pid; wait $pid'

let started: Promise<Started> | undefined

/** One for all who ask in this process, with which it ends; what is made in it is told apart by its project. */
export function startPubsubEmulator(): Promise<Started> {
  started ??= start()
  return started
}

async function start(): Promise<Started> {
  const jar = findJar()
  if (jar === undefined)
    return { missing: 'no Pub/Sub emulator: set CLOUDSDK_ROOT to a Cloud SDK that has it' }
  if (spawnSync('java', ['-version']).status !== 0) return { missing: 'no Java to run the Pub/Sub emulator' }
  // Credentials of a machine of Google's are looked for otherwise, in a network that may not answer.
  process.env.METADATA_SERVER_DETECTION = 'none'
  const port = await freePort()
  // It lives for minutes: what is compiled with much care does not pay.
  const options = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const command = ['java', ...options, '-jar', jar, '--host=127.0.0.1', `--port=${port}`]
  const child = spawn('sh', ['-c', ENDS_WITH_ITS_INPUT, 'sh', ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-10_000)
    })
  }
  const giveUpAt = performance.now() + UP_WITHIN_MS
  while (!said.includes('Server started')) {
    if (performance.now() > giveUpAt) {
      child.stdin.end()
      throw new Error(`the Pub/Sub emulator did not start:\n${said}`)
    }
    await sleep(50)
  }
  // Nobody waits for its end, and this process least of all.
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket).unref()
  return { emulator: { host: `127.0.0.1:${port}` } }
}

function findJar(): string | undefined {
  const roots = [process.env.CLOUDSDK_ROOT, '/usr/lib/google-cloud-sdk', '/opt/google-cloud-sdk']
  const folders = roots.flatMap((root) => (root ? [join(root, 'platform/pubsub-emulator/lib')] : []))
  const [folder] = folders.filter((place) => existsSync(place))
  return folder === undefined
    ? undefined
    : globSync('cloud-pubsub-emulator-*-all.jar', { cwd: folder }).map((name) => join(folder, name))[0]
}

export type PlannedSubscription = {
  name: string
  topic: string
  /** Left out: it is pulled. */
  pushEndpoint?: string
  /** Kept by the emulator, and not applied. */
  filter?: string
  ackDeadlineSeconds?: number
  maxDeliveryAttempts?: number
  minimumBackoffSeconds?: number
  maximumBackoffSeconds?: number
}

const TOPICS = ['job-events', 'quarantine', 'choice-sets', 'journal', 'dead-letters']

/** Makes what infra/ makes: the topics, these subscriptions with their dead letters, and that of the dead letters. */
export async function createPubsub(
  { host }: Emulator,
  projectId: string,
  subscriptions: readonly PlannedSubscription[],
): Promise<void> {
  const pubsub = new PubSub({ projectId, apiEndpoint: host })
  try {
    await Promise.all(TOPICS.map((topic) => pubsub.createTopic(topic)))
    const deadLetterTopic = `projects/${projectId}/topics/dead-letters`
    // Shorter than infra/'s: an answer that came too late on a busy machine is nobody's so long.
    await pubsub.createSubscription('dead-letters', 'dead-letters', { ackDeadlineSeconds: 10 })
    await Promise.all(
      subscriptions.map(async (planned) => {
        const { name, topic, pushEndpoint, filter, ackDeadlineSeconds = 60 } = planned
        const { maxDeliveryAttempts = 100, minimumBackoffSeconds, maximumBackoffSeconds = 600 } = planned
        await pubsub.createSubscription(topic, name, {
          ackDeadlineSeconds,
          deadLetterPolicy: { deadLetterTopic, maxDeliveryAttempts },
          ...(pushEndpoint && { pushEndpoint }),
          ...(filter && { filter }),
          ...(minimumBackoffSeconds && {
            retryPolicy: {
              minimumBackoff: { seconds: minimumBackoffSeconds },
              maximumBackoff: { seconds: Math.max(minimumBackoffSeconds, maximumBackoffSeconds) },
            },
          }),
        })
      }),
    )
  } finally {
    await pubsub.close()
  }
}

/** Removes what a project has, so that another may have its name. */
export async function removePubsub({ host }: Emulator, projectId: string): Promise<void> {
  const pubsub = new PubSub({ projectId, apiEndpoint: host })
  try {
    const [subscriptions] = await pubsub.getSubscriptions()
    await Promise.all(subscriptions.map((subscription) => subscription.delete()))
    const [topics] = await pubsub.getTopics()
    await Promise.all(topics.map((topic) => topic.delete()))
  } finally {
    await pubsub.close()
  }
}
