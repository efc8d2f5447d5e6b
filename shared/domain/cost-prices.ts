/**
 * List prices in USD, of a tier 1 region, without discounts. Looked up in November 2026 on the pages named here; what is
 * marked [mem] is from memory.
 */

const GIB = 2 ** 30
const TIB = 2 ** 40

/** @property free what a billing account has free a month, of this and everything else. */
export type Price = { service: string; item: string; usd: number; free: number }

const price = (service: string, item: string, usd: number, free = 0): Price => ({ service, item, usd, free })

/** By what is counted. */
export const PRICES = {
  // cloud.google.com/run/pricing: request-based billing, rounded up to 100 ms. Free amounts there, too.
  vcpuSeconds: price('Cloud Run', 'vCPU-seconds', 0.000024, 180_000),
  memoryGibSeconds: price('Cloud Run', 'GiB-seconds', 0.0000025, 360_000),
  requests: price('Cloud Run', 'requests', 0.4 / 1e6, 2_000_000),
  // Of instances that are kept ready and idle [mem].
  idleVcpuSeconds: price('Cloud Run', 'idle vCPU-seconds', 0.0000025),
  idleMemoryGibSeconds: price('Cloud Run', 'idle GiB-seconds', 0.0000025),
  // cloud.google.com/pubsub/pricing: at least 1,000 bytes a publish, push or pull request.
  pubsubBytes: price('Pub/Sub', 'bytes published and delivered', 40 / TIB, 10 * GIB),
  // The same page: no bytes free; what is written to BigQuery costs nothing more there.
  exportedBytes: price('Pub/Sub', 'bytes written to BigQuery', 50 / TIB),
  // cloud.google.com/storage/pricing, regional, standard. The free amounts are of US regions only.
  writes: price('Cloud Storage', 'class A operations', 5 / 1e6),
  reads: price('Cloud Storage', 'class B operations', 0.4 / 1e6),
  objectGibMonths: price('Cloud Storage', 'GiB-months of old generations', 0.02),
  // cloud.google.com/bigquery/pricing: 0.01 a 200 MB, at least 1 kB a row.
  insertedBytes: price('BigQuery', 'bytes inserted by functions', 0.01 / 200e6),
  tableGibMonths: price('BigQuery', 'GiB-months of tables', 0.02, 10),
  // On demand, europe-west1 and us-central1 [mem].
  queriedBytes: price('BigQuery', 'bytes queried', 6.25 / TIB, TIB),
  // cloud.google.com/scheduler/pricing [mem].
  schedules: price('Cloud Scheduler', 'jobs', 0.1, 3),
  // cloud.google.com/secret-manager/pricing [mem].
  secretVersions: price('Secret Manager', 'active versions', 0.06, 6),
  // cloud.google.com/vpc/network-pricing: a forwarding rule, and the bytes that it takes in [mem].
  balancerHours: price('Load balancer', 'hours', 0.025),
  balancedGib: price('Load balancer', 'GiB taken in', 0.008),
} as const

export type Meter = keyof typeof PRICES
