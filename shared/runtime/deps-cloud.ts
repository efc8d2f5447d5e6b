/** Builds the real things on Google Cloud. Nothing is connected to before it is first used. */
import { join } from 'node:path'
import { systemClock } from '../adapters/clock.ts'
import { openBigquery } from '../adapters/gcp/bigquery.ts'
import { openBigquerySchema } from '../adapters/gcp/bigquery-schema.ts'
import { openBucket } from '../adapters/gcp/bucket.ts'
import type { CloudInspection } from '../adapters/gcp/cloud-inspection.ts'
import { openComputeVms } from '../adapters/gcp/compute.ts'
import { gcsDeliveries } from '../adapters/gcp/deliveries.ts'
import { openGcsDocuments } from '../adapters/gcp/documents.ts'
import { openPubsubBus, type PubsubBus } from '../adapters/gcp/pubsub.ts'
import { openGcsState } from '../adapters/gcp/state.ts'
import { gcsStateLayout } from '../adapters/gcp/state-reshard.ts'
import { openLocalSpool } from '../adapters/local/spool.ts'
import { localWebhookFiles } from '../adapters/local/webhook-files.ts'
import { systemRng } from '../adapters/rng.ts'
import { ConfigError } from '../errors.ts'
import type { Clock, Log, WarehouseSchema } from '../ports.ts'
import type { Settings } from '../schema/settings.ts'
import { either, gitlabBy, idTokensBy, loadFleet } from './deps.ts'
import type { Deps, ServiceName } from './handler.ts'
import { createLog } from './log.ts'
import { settledLag } from './log-lag.ts'
import { wholeOf } from './sharded-state.ts'
import { catalogueAtFirstUse } from './sql.ts'

export type CloudDeps = Deps &
  Pick<PubsubBus, 'bury'> & {
    /** Sends what was published. */
    close(): Promise<void>
  }

/**
 * Who only reads looks for a newer state when its own is so old; a question costs an operation of Cloud Storage. Ticks and
 * commands look each time. Who writes notices by a conflict.
 */
const POLL_AFTER_MS: Partial<Record<ServiceName, number>> = { recommend: 2000, shadow: 2000, ticks: 0 }
const STDOUT = 1

/**
 * @param options.service the deployed function that this process is; undefined for the command line.
 * @throws ConfigError when the settings name no bucket and project, or the fleet file is at fault.
 */
export function openCloudDeps(
  settings: Settings,
  log: Log,
  { service, clock = systemClock }: { service?: ServiceName; clock?: Clock } = {},
): CloudDeps {
  const { projectId, bucket, location } = cloudOf(settings)
  const { lateAfterMs, stateShards } = settings
  const ending = new AbortController()
  const pollAfterMs = POLL_AFTER_MS[service ?? 'ticks']
  const shards = Array.from({ length: stateShards }, (_, shard) =>
    openGcsState({
      bucket,
      shard,
      shards: stateShards,
      clock,
      rng: systemRng,
      log,
      apiEndpoint: settings.emulators.storage,
      ...(pollAfterMs === undefined ? {} : { pollAfterMs }),
    }),
  )
  const state = wholeOf(shards, lateAfterMs)
  const journalLog = createLog('info', STDOUT)
  const bus = openPubsubBus({
    projectId,
    apiEndpoint: settings.emulators.pubsub,
    shards: stateShards,
    log,
    ...(service === undefined
      ? {}
      : { journal: (table, row) => journalLog.info('row.journaled', { table, row }) }),
  })
  const warehouse = openBigquery({
    projectId,
    location,
    apiEndpoint: settings.emulators.bigquery,
    catalogue: catalogueAtFirstUse(),
    log,
  })
  const held = gcsDeliveries(shards, clock)
  return {
    clock,
    rng: systemRng,
    bus,
    deadLetters: bus.deadLetters,
    inbox: bus.inbox,
    bury: bus.bury,
    deliveries: {
      drained: held.drained,
      hold: (work) => held.hold(async () => work(await settledLag(state, { warehouse, lateAfterMs }))),
    },
    state,
    shards,
    layout: gcsStateLayout({ bucket, clock, rng: systemRng, apiEndpoint: settings.emulators.storage }),
    warehouse,
    documents: openGcsDocuments({
      bucket: openBucket({ bucket, rng: systemRng, apiEndpoint: settings.emulators.storage }),
      log,
    }),
    vms: openComputeVms({ projectId }),
    webhookFiles: localWebhookFiles,
    spool: openLocalSpool(join(settings.dataFolder, 'spool')),
    gitlab: (apiToken, signal) =>
      gitlabBy(apiToken ?? settings.gitlabApiToken, settings, log, either(ending.signal, signal)),
    idTokens: idTokensBy(settings, log, clock),
    log,
    fleet: loadFleet(settings.fleetFile),
    settings,
    unmanagedArms: new Set(),
    async close() {
      ending.abort()
      await bus.close()
    },
  }
}

/** @throws ConfigError when the settings name no bucket and project. */
export function openCloudSchema(settings: Settings, log: Log): WarehouseSchema {
  const { projectId, location } = cloudOf(settings)
  return openBigquerySchema({ projectId, location, apiEndpoint: settings.emulators.bigquery, log })
}

export type { BucketFacts, CloudInspection, SubscriptionFacts } from '../adapters/gcp/cloud-inspection.ts'

/** @throws ConfigError when the settings name no bucket and project. */
export async function openInspection(settings: Settings, log: Log): Promise<CloudInspection> {
  const { projectId, bucket } = cloudOf(settings)
  // No function needs it.
  const { openCloudInspection } = await import('../adapters/gcp/cloud-inspection.ts')
  return openCloudInspection({ projectId, bucket, emulators: settings.emulators, rng: systemRng, log })
}

function cloudOf({ cloud }: Settings): NonNullable<Settings['cloud']> {
  if (cloud !== undefined) return cloud
  throw new ConfigError(
    'BANDIT_GCS_BUCKET and GOOGLE_CLOUD_PROJECT must be set: they say which cloud is meant.',
  )
}
