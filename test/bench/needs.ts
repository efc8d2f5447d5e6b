/** What each deployed function truly needs of node_modules, beside functions-framework. */
import type { ServiceName } from '../../shared/runtime/handler.ts'

export type Needs = {
  /** To check its settings, to log, and to read the fleet where it works with one. */
  atStart: readonly string[]
  /** With its first message: who sends it, and where its effect goes. */
  withFirst: readonly string[]
  /** Whether it asks for the state before it answers anybody. */
  readsState?: true
}

const PUBSUB = '@google-cloud/pubsub'
const STORAGE = '@google-cloud/storage'
const BIGQUERY = '@google-cloud/bigquery'
const COMMON = ['zod', 'pino']

export const NEEDS: Readonly<Record<ServiceName, Needs>> = {
  ingest: { atStart: [...COMMON, 'yaml'], withFirst: [PUBSUB] },
  recommend: { atStart: [...COMMON, 'yaml', STORAGE], withFirst: [], readsState: true },
  admin: { atStart: COMMON, withFirst: [STORAGE, BIGQUERY] },
  learn: { atStart: COMMON, withFirst: ['jose', STORAGE] },
  shadow: { atStart: [...COMMON, 'yaml'], withFirst: ['jose', STORAGE, BIGQUERY] },
  // Rows are checked by the descriptions of their tables.
  record: { atStart: COMMON, withFirst: ['jose', 'yaml', BIGQUERY] },
  ticks: { atStart: [...COMMON, 'yaml'], withFirst: ['jose', STORAGE, BIGQUERY, PUBSUB] },
}
