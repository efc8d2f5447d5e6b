/** The bandit state in Cloud Storage: an object for each shard. */
import { stateObjectName } from '../../domain/shard.ts'
import type { Clock, Log, Rng } from '../../ports.ts'
import { openBucket } from './bucket.ts'
import { admissionTo } from './state-layout.ts'
import { type GcsState, openStateObject } from './state-object.ts'

export type GcsStateOptions = {
  bucket: string
  /** Which of how many; 0 of 1 when left out. */
  shard?: number
  shards?: number
  clock: Clock
  rng: Rng
  log: Log
  /** Left out: a writer, who asks for what is new only after a conflict. */
  pollAfterMs?: number
  /** Of another server than Google's. */
  apiEndpoint?: string | undefined
  /** The longest wait before what failed is tried for the second time. */
  firstDelayMs?: number
}

export function openGcsState({
  bucket: name,
  shard = 0,
  shards = 1,
  apiEndpoint,
  firstDelayMs,
  ...options
}: GcsStateOptions): GcsState {
  const bucket = openBucket({
    bucket: name,
    rng: options.rng,
    apiEndpoint,
    ...(firstDelayMs && { firstDelayMs }),
  })
  const admission = admissionTo(bucket, shards)
  return openStateObject({ ...options, bucket, object: stateObjectName(shard, shards), admission })
}
