/**
 * The deployed functions on a played cloud: each a process of functions-framework. What they publish waits in its
 * subscriptions until somebody looks, and is then handled with the cloud's ports: test/e2e/cloud shows the pushes.
 */
import { routes } from '../../../functions/routes.ts'
import type { CloudDeps } from '../../../shared/runtime/deps-cloud.ts'
import {
  isHttpRoute,
  isTopicRoute,
  type ServiceName,
  type TopicRoute,
} from '../../../shared/runtime/handler.ts'
import { startFunction } from '../../support/cloud/function.ts'
import { type PlayedCloud, startPlayedCloud } from '../../support/cloud/index.ts'
import { openPuller } from '../../support/cloud/pull.ts'
import { whenFileDone } from '../../support/file-done.ts'
import { startPubsubEmulator } from '../../support/pubsub-emulator.ts'
import { ADMIN_TOKEN, API_TOKEN, type Environment, looksAt, type Targets } from './target.ts'

const started = await startPubsubEmulator()
let clouds = 0

const SUBSCRIBED = routes.filter(isTopicRoute).filter(({ service }) => service !== 'journal')

export const cloudTargets: Targets = {
  name: 'deployed functions',
  ...('missing' in started && { missing: started.missing }),
  knowsRepeats: { cannot: 'Pub/Sub remembers no keys; repeats are dropped where they are folded' },
  boundsItsQueue: { cannot: 'Pub/Sub takes what comes' },

  async start(env = {}) {
    const { cloud, url, lines, settled, deps } = await startIngest(env)
    let looked = 0
    // The others are only started where somebody asks them.
    const urls = new Map<ServiceName, Promise<string>>([['ingest', Promise.resolve(url)]])
    const urlOf = (path: string) => {
      const service = serviceOf(path)
      const known = urls.get(service) ?? startOther(service, cloud)
      urls.set(service, known)
      return known
    }
    return {
      url,
      port: Number(new URL(url).port),
      ...looksAt(deps, settled, () => cloud.storage.versions().map(({ name }) => name)),
      ask: async (path, init) =>
        fetch(`${await urlOf(path)}${path}`, { headers: { authorization: `Bearer ${API_TOKEN}` }, ...init }),
      newlyLogged() {
        const fresh = lines.slice(looked)
        looked = lines.length
        return fresh.map((line) => (JSON.parse(line) as { message: string }).message)
      },
    }
  },

  async watch() {
    const { cloud, url, lines, settled } = await startIngest({ LOG_LEVEL: 'debug' })
    return { url, env: cloud.env, settled, stderr: () => lines.join('\n') }
  },
}

async function startIngest(env: Environment) {
  if ('missing' in started) throw new Error(started.missing)
  const lines: string[] = []
  clouds += 1
  const cloud = await startPlayedCloud(started.emulator, whenFileDone, {
    run: ['ingest'],
    delivers: false,
    projectId: `hostile-${clouds}`,
    env: {
      RUNNER_BANDIT_API_TOKEN: API_TOKEN,
      RUNNER_BANDIT_MODE: 'autonomous',
      RUNNER_BANDIT_ADMIN_TOKEN: ADMIN_TOKEN,
      LOG_LEVEL: 'info',
      ...env,
    },
    onLog: (line) => lines.push(line),
  })
  const deps = cloud.openDeps()
  const settled = await handling(cloud, deps)
  return { cloud, url: cloud.functionOf('ingest').url, lines, settled, deps }
}

async function startOther(service: ServiceName, { env }: PlayedCloud): Promise<string> {
  const other = await startFunction(service, env)
  whenFileDone(other.stop)
  return other.url
}

/** Which function a gateway would send it to. */
function serviceOf(target: string): ServiceName {
  const [path] = target.split('?')
  return routes.filter(isHttpRoute).find(({ trigger }) => trigger.path === path)?.service ?? 'ingest'
}

/** Handles what waits, until nothing does. */
async function handling({ pubsub }: PlayedCloud, deps: CloudDeps): Promise<() => Promise<void>> {
  const puller = await openPuller(pubsub)
  whenFileDone(puller.close)
  async function handleAll({ name, trigger, handle }: TopicRoute): Promise<void> {
    const kinds: readonly (string | undefined)[] | undefined = trigger.kinds
    const waiting = await puller.take(name)
    const wanted = waiting.filter(({ attributes }) => kinds?.includes(attributes.type) ?? true)
    const bodies = wanted.map(({ data }) => JSON.parse(data.toString()))
    if (bodies.length > 0) await handle(bodies, deps)
  }
  return async () => {
    await Promise.all(SUBSCRIBED.map(handleAll))
  }
}
