/** The state in Cloud Storage, by Google's client, in a Cloud Storage played on this machine. */
import { startPlaces } from '../support/gcs.ts'
import { stateStoreContract } from './state-store.ts'

const places = await startPlaces()
const troubled = await startPlaces({
  seed: 'troubled',
  chances: { unavailable: 0.05, tooMany: 0.05, lostRequest: 0.03, lostResponse: 0.05 },
})

for (const [adapter, { storage, place }] of Object.entries({
  'Cloud Storage': places,
  'Cloud Storage with 503s, 429s and lost connections': troubled,
}))
  stateStoreContract({
    adapter,
    fresh() {
      const { bucket, open, object, put } = place()
      return {
        open: () => open({ firstDelayMs: 20 }),
        content: async () => object()?.bytes ?? new Uint8Array(),
        backup: async (name) =>
          storage.object(name.slice(`gs://${bucket}/`.length), bucket)?.bytes ?? new Uint8Array(),
        replace: async (content) => put(content),
      }
    },
    // Whose answer was lost, and who was then written over, cannot know; learn is told by the ids in the state.
    hasManyWriters: places.storage === storage || {
      cannot: 'tell a write whose answer was lost, once another came after it',
    },
    namesContents: { cannot: 'Cloud Storage gives every write a generation of its own' },
  })
