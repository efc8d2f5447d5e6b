/** In the place of shared/adapters/gcp/pubsub-client.ts: what is published is kept in memory, and nothing is asked. */
import type { openPubsubClient as realClient } from '../../../shared/adapters/gcp/pubsub-client.ts'

/** So many messages stay in memory. */
const KEPT = 10_000

export const openPubsubClient: typeof realClient = ({ projectId }) => {
  const kept: Buffer[] = []
  let count = 0
  const nothing = async () => {
    throw new Error('there is no Pub/Sub here')
  }
  return {
    projectId,
    async publish(_topic, data) {
      kept[count % KEPT] = data
      count += 1
    },
    ask: nothing,
    topicOf: nothing,
    hasTopic: nothing,
    async close() {},
  }
}
