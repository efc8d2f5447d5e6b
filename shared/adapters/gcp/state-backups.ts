/** Copies of the bandit state in `backups/`, named by when they were made. */
import type { Instant } from '../../domain/event.ts'
import type { Bucket } from './bucket.ts'

const KEPT = 10

/** Returns the address of the copy; undefined when there is nothing to copy. */
export async function backUp(bucket: Bucket, object: string, at: Instant): Promise<string | undefined> {
  const head = await bucket.head(object)
  if (head === undefined) return undefined
  // bandit_state.0-of-2.json has a folder of its own.
  const shard = /\.(\d+-of-\d+)\.json$/.exec(object)?.[1]
  const prefix = `backups/${shard === undefined ? '' : `${shard}/`}bandit_state-`
  const copy = `${prefix}${new Date(at).toISOString()}.json`
  await bucket.copy(object, head.generation, copy)
  const copies = (await bucket.list(prefix)).map(({ name }) => name).sort()
  for (const name of copies.slice(0, -KEPT)) await bucket.remove(name)
  return `gs://${bucket.name}/${copy}`
}
