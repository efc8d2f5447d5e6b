/** What there is of the deployment on Google Cloud, to be looked at by who mends it. Changes nothing. */
import type { Storage } from '@google-cloud/storage'
import type { Instant } from '../../domain/event.ts'
import { stateObjectName } from '../../domain/shard.ts'
import type { Log, Rng } from '../../ports.ts'
import { openBucket } from './bucket.ts'
import { requireCredentials } from './google-credentials.ts'
import { openPubsubClient } from './pubsub-client.ts'
import { openLease } from './pubsub-lease.ts'
import { type SubscriptionFacts, subscriptionFacts } from './pubsub-subscription.ts'
import { marksOf } from './state-content.ts'
import { type Layout, readLayout } from './state-layout.ts'
import { statusOf, translated } from './storage-errors.ts'

export type { SubscriptionFacts } from './pubsub-subscription.ts'

/** Every call throws ConfigError with what to do when it is refused, TransientError when nobody answers in time. */
export type CloudInspection = {
  /** False where only emulators are asked, which take anybody. @throws ConfigError when there are none that hold. */
  credentials(): Promise<boolean>
  bucket(): Promise<BucketFacts>
  /** The objects of the state in so many shards. */
  state(shards: number): Promise<{ layout: Layout | null; objects: StateObjectFacts[] }>
  hasTopic(name: string): Promise<boolean>
  /** Null when it is not there. */
  subscription(name: string): Promise<SubscriptionFacts | null>
  /** Counts what waits in a subscription, up to `most`; there may be more. Gives it back at once. */
  waitingIn(subscription: string, most: number): Promise<number>
  close(): Promise<void>
}

export type BucketFacts = {
  /** Null when this account may not see the settings of the bucket. */
  settings: { location: string; isVersioned: boolean } | null
  /** What an operator does with objects: the permissions for it, and those of them that this account has. */
  wanted: readonly string[]
  granted: readonly string[]
}

export type StateObjectFacts = {
  name: string
  /** Null when it is not there. */
  generation: string | null
  heldUntil: Instant | null
  isSealed: boolean
}

type Options = {
  projectId: string
  bucket: string
  /** Other addresses than Google's. */
  emulators: Readonly<Record<'pubsub' | 'storage' | 'bigquery', string | undefined>>
  rng: Rng
  log: Log
}

const BUCKET_PERMISSIONS = [
  'storage.objects.get',
  'storage.objects.list',
  'storage.objects.create',
  'storage.objects.update',
  'storage.objects.delete',
]
/** Somebody waits for the answers. */
const TRIES = 3
const WITHIN_MS = 10_000
const FORBIDDEN = 403

export function openCloudInspection({ projectId, bucket, emulators, rng, log }: Options): CloudInspection {
  const { storage: apiEndpoint } = emulators
  const objects = openBucket({ bucket, rng, apiEndpoint, tries: TRIES })
  const client = openPubsubClient({ projectId, apiEndpoint: emulators.pubsub })
  let opening: Promise<Storage> | undefined

  async function storage(): Promise<Storage> {
    const { Storage } = await import('@google-cloud/storage')
    return new Storage({
      timeout: WITHIN_MS,
      retryOptions: { autoRetry: false, maxRetries: 0 },
      ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
    })
  }

  async function credentials(): Promise<boolean> {
    if (Object.values(emulators).every((address) => address !== undefined)) return false
    opening ??= storage()
    await requireCredentials((await opening).authClient)
    return true
  }

  async function bucketSettings(): Promise<BucketFacts['settings']> {
    opening ??= storage()
    try {
      const [metadata] = await (await opening).bucket(bucket).getMetadata()
      const { location = 'a place that it does not tell', versioning } = metadata
      return { location, isVersioned: versioning?.enabled === true }
    } catch (error) {
      // To look at the objects is another right.
      if (statusOf(error) === FORBIDDEN) return null
      throw translated(error, bucket, 'reading its settings')
    }
  }

  async function granted(): Promise<string[]> {
    opening ??= storage()
    try {
      const [answer] = await (await opening).bucket(bucket).iam.testPermissions(BUCKET_PERMISSIONS)
      return BUCKET_PERMISSIONS.filter((permission) => answer[permission])
    } catch (error) {
      throw translated(error, bucket, 'asking for the rights')
    }
  }

  async function objectFacts(name: string): Promise<StateObjectFacts> {
    const head = await objects.head(name)
    if (head === undefined) return { name, generation: null, heldUntil: null, isSealed: false }
    const { heldUntil, sealedBy } = marksOf(head)
    return { name, generation: head.generation, heldUntil, isSealed: sealedBy !== undefined }
  }

  return {
    credentials,
    async bucket() {
      const [settings, rights] = await Promise.all([bucketSettings(), granted()])
      return { settings, wanted: BUCKET_PERMISSIONS, granted: rights }
    },
    async state(shards) {
      const names = Array.from({ length: shards }, (_, shard) => stateObjectName(shard, shards))
      const found = await readLayout(objects)
      return { layout: found?.layout ?? null, objects: await Promise.all(names.map(objectFacts)) }
    },
    hasTopic: client.hasTopic,
    subscription: (name) => subscriptionFacts(client, name),
    async waitingIn(subscription, most) {
      const lease = openLease(client, subscription, { log })
      try {
        return new Set((await lease.pull(most)).map(({ id }) => id)).size
      } finally {
        await lease.close()
      }
    },
    close: client.close,
  }
}
