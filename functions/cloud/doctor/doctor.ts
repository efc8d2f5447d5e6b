/** doctor of Google Cloud: what is well, what is not, and what mends it. Looks, and changes nothing. */
import { ConfigError } from '../../../shared/errors.ts'
import type { Clock } from '../../../shared/ports.ts'
import {
  type CloudDeps,
  type CloudInspection,
  openCloudDeps,
  openCloudSchema,
  openInspection,
} from '../../../shared/runtime/deps-cloud.ts'
import { createLog } from '../../../shared/runtime/log.ts'
import type { Settings } from '../../../shared/schema/settings.ts'
import { inspectTables } from '../../inspect.ts'
import { type Check, failed, named, ok, skipped, type Verdict } from '../../local/doctor/check.ts'
import { armVerdict, quarantineVerdict, webhookVerdict } from '../../local/doctor/facts.ts'
import { checkGitlab } from '../../local/doctor/gitlab.ts'
import { checkFleet, checkNode, checkSettings, projectOf } from '../../local/doctor/place.ts'
import { askHealth, clockVerdict, gatherClocks, ingestVerdict, knock, recommendVerdict } from './addresses.ts'
import { bucketVerdict, rightsVerdict } from './bucket.ts'
import { judged, type Seen, see, unseen } from './seen.ts'
import { gatherState, holdVerdict, stateVerdict } from './state.ts'
import { gatherPubsub, subscriptionsVerdict, topicsVerdict } from './subscriptions.ts'
import { datasetVerdict, deadLettersVerdict, MOST_LETTERS } from './tables.ts'

/** What can be said of the deployment beside the settings. */
export type Addresses = {
  /** Where webhooks go; PUBLIC_URL when left out. */
  url?: string | undefined
  /** Where /health is, if it has an address of its own. */
  recommendUrl?: string | undefined
}

const GOOGLE_STORAGE = 'https://storage.googleapis.com'
const OF_GOOGLE = ['Bucket', 'Rights', 'State', 'Hold', 'Topics', 'Subscriptions', 'Dataset', 'Dead letters']
const OF_TABLES = ['Quarantine', 'Webhooks', 'Arms']

export async function diagnoseCloud(
  { settings, faults }: { settings: Settings; faults: readonly string[] },
  { url = settings.publicUrl, recommendUrl = url }: Addresses = {},
  clock: Clock = { now: Date.now },
): Promise<Check[]> {
  const place = [checkNode(), checkSettings(faults), checkFleet(settings.fleetFile, undefined)]
  const [google, answers] = await Promise.all([
    checkGoogle(settings, url, clock),
    checkAddresses(settings, url, recommendUrl, clock),
  ])
  const gitlab = await checkGitlab(settings, url ?? null, google.projectId ?? projectOf(settings.fleetFile))
  return [...place, ...google.checks, gitlab.check, ...answers]
}

type Looked = { checks: Check[]; projectId: number | null }

async function checkGoogle(settings: Settings, url: string | undefined, clock: Clock): Promise<Looked> {
  if (settings.cloud === undefined) return blind('the settings do not say which cloud is meant')
  const warnings: string[] = []
  const log = { ...createLog('error'), warning: (message: string) => void warnings.push(message) }
  const inspection = await openInspection(settings, log)
  const needed = await see(inspection.credentials)
  const credentials =
    'error' in needed && needed.error instanceof ConfigError
      ? failed(needed.error.message, 'gcloud auth application-default login')
      : judged(needed, (are) => ok(are ? 'found, and taken by Google' : 'none needed: emulators are asked'))
  if ('error' in needed) {
    await inspection.close()
    return blind('there are no credentials to look with', credentials)
  }
  // Whether the fleet is legible, another check says.
  const deps = openCloudDeps({ ...settings, fleetFile: undefined }, log, { clock })
  try {
    const { checks, projectId } = await look(inspection, deps, warnings, url)
    return { checks: [named('Credentials', credentials), ...checks], projectId }
  } finally {
    await Promise.all([inspection.close(), deps.close()])
  }
}

function blind(why: string, credentials: Verdict = skipped(why)): Looked {
  const checks = [...OF_GOOGLE, ...OF_TABLES].map((name) => named(name, skipped(why)))
  return { checks: [named('Credentials', credentials), ...checks], projectId: null }
}

async function look(
  inspection: CloudInspection,
  deps: CloudDeps,
  warnings: readonly string[],
  url: string | undefined,
): Promise<Looked> {
  const { settings, log, warehouse, clock } = deps
  const { stateShards: shards, host, quarantineMaxRows } = settings
  const name = settings.cloud?.bucket ?? ''
  const [bucket, state, pubsub, present, tables, letters] = await Promise.all([
    see(inspection.bucket),
    see(() => gatherState(inspection, deps, warnings)),
    see(() => gatherPubsub(inspection, shards)),
    see(() => openCloudSchema(settings, log).present()),
    see(() => inspectTables(warehouse, clock.now())),
    see(() => inspection.waitingIn('dead-letters', MOST_LETTERS)),
  ])
  const outline = { host, publicUrl: url ?? null, quarantineMaxRows }
  const run = (command: string) => `npx runner-bandit ${command}`
  const checks = [
    named(
      'Bucket',
      judged(bucket, (facts) => bucketVerdict(facts, name)),
    ),
    named('Rights', 'error' in bucket ? skipped('see Bucket') : rightsVerdict(bucket.value, name)),
    named('State', judged(state, stateVerdict)),
    named('Hold', 'error' in state ? skipped('see State') : holdVerdict(state.value)),
    named('Topics', judged(pubsub, topicsVerdict)),
    named(
      'Subscriptions',
      'error' in pubsub ? skipped('see Topics') : subscriptionsVerdict(pubsub.value, shards),
    ),
    named('Dataset', datasetVerdict({ present, tables })),
    named('Dead letters', deadLettersVerdict(letters)),
    named(
      'Quarantine',
      ofTables(tables, (facts) => quarantineVerdict(facts, outline, run)),
    ),
    named(
      'Webhooks',
      ofTables(tables, (facts) => webhookVerdict(facts, outline, run)),
    ),
    named(
      'Arms',
      ofTables(tables, (facts) => armVerdict(facts, run)),
    ),
  ]
  return { checks, projectId: 'value' in tables ? tables.value.newestProjectId : null }
}

/** Why they could not be asked, Dataset says. */
function ofTables<T>(seen: Seen<T>, judge: (value: T) => Verdict): Verdict {
  return 'error' in seen ? skipped('see Dataset') : judge(seen.value)
}

async function checkAddresses(
  { emulators, gitlabUrl }: Settings,
  url: string | undefined,
  recommendUrl: string | undefined,
  clock: Clock,
): Promise<Check[]> {
  const clocked = {
    'Cloud Storage': `${emulators.storage ?? GOOGLE_STORAGE}/`,
    GitLab: `${gitlabUrl}/api/v4/version`,
  }
  const unknown = skipped('its address is not known: set PUBLIC_URL, or say --url and --recommend-url')
  const [clocks, recommend, ingest] = await Promise.all([
    see(() => gatherClocks(clocked, clock)),
    recommendUrl === undefined
      ? unknown
      : askHealth(recommendUrl).then((a) => recommendVerdict(a, recommendUrl)),
    url === undefined ? unknown : knock(url).then((answer) => ingestVerdict(answer, url)),
  ])
  return [
    named('Clock', 'error' in clocks ? unseen(clocks.error) : clockVerdict(clocks.value)),
    named('recommend', recommend),
    named('ingest', ingest),
  ]
}
