/** Google's client, loaded when it is first needed; and the repetition of what may work a moment later. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BigQuery, BigQueryOptions } from '@google-cloud/bigquery'
import type { Log } from '../../ports.ts'
import { asReaction, isTransient, messageOf } from './bigquery-errors.ts'
import { requireCredentials } from './google-credentials.ts'

export type BigqueryAccess = {
  projectId: string
  /** Of the dataset; BigQuery finds jobs outside of US and EU by it only. */
  location?: string | undefined
  /** Another address than Google's; a fake's when it begins with http: */
  apiEndpoint?: string | undefined
  log: Log
  /** To be replaced in tests. */
  wait?: (ms: number) => Promise<unknown>
}

export const DATASET = 'ci_metrics'

/** One request; BigQuery itself waits up to 10 seconds for the results of a query. */
const REQUEST_TIMEOUT_MS = 60_000
const MAX_TRIES = 6
/** What has failed for so long is not tried again. */
const TRY_FOR_MS = 15_000
const FIRST_BACKOFF_MS = 250
const MAX_BACKOFF_MS = 8000

export type Client = () => Promise<BigQuery>

export function lazyClient({ projectId, location, apiEndpoint }: BigqueryAccess): Client {
  let client: Promise<BigQuery> | undefined
  async function load(): Promise<BigQuery> {
    const { BigQuery } = await import('@google-cloud/bigquery')
    const options: BigQueryOptions & { timeout: number } = {
      projectId,
      // Repetition is here: the client's waits two seconds at least, and knows nothing of rows refused in part.
      autoRetry: false,
      timeout: REQUEST_TIMEOUT_MS,
      ...(location !== undefined && { location }),
      ...(apiEndpoint !== undefined && { apiEndpoint }),
      // What is not encrypted is a fake on this machine: no credentials are looked for, and none sent.
      ...(apiEndpoint?.startsWith('http:') && { authClient: NO_CREDENTIALS }),
    }
    const loaded = new BigQuery(options)
    if (options.authClient === undefined) await requireCredentials(loaded.authClient)
    return loaded
  }
  return () => {
    if (client === undefined) {
      client = load()
      // Who logs in meanwhile is let in.
      client.catch(() => {
        client = undefined
      })
    }
    return client
  }
}

const NO_CREDENTIALS = { getRequestHeaders: async () => new Headers() } as unknown as NonNullable<
  BigQueryOptions['authClient']
>

/**
 * Does it again while it fails of what passes, after a while of random length, a few times.
 * @param doing as in "BigQuery could not <doing>".
 * @throws TransientError when it keeps failing; ConfigError when the deployment is at fault; else what `work` throws.
 */
export async function retrying<T>(
  doing: string,
  { log, wait = sleep }: Pick<BigqueryAccess, 'log' | 'wait'>,
  work: () => Promise<T>,
): Promise<T> {
  let giveUpAtMs = Number.POSITIVE_INFINITY
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      giveUpAtMs = Math.min(giveUpAtMs, performance.now() + TRY_FOR_MS)
      const isTooLong = performance.now() > giveUpAtMs
      if (!isTransient(error) || tries === MAX_TRIES || isTooLong) throw asReaction(error, doing)
      const waitMs = Math.random() * Math.min(FIRST_BACKOFF_MS * 2 ** tries, MAX_BACKOFF_MS)
      log.debug('bigquery.deferred', { doing, reason: messageOf(error), wait_seconds: waitMs / 1000 })
      await wait(waitMs)
    }
  }
}
