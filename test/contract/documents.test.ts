import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openBucket } from '../../shared/adapters/gcp/bucket.ts'
import { openGcsDocuments } from '../../shared/adapters/gcp/documents.ts'
import { openLocalDocuments } from '../../shared/adapters/local/documents.ts'
import { systemRng } from '../../shared/adapters/rng.ts'
import { silentLog as log, startPlaces } from '../support/gcs.ts'
import { memoryBucket } from '../support/memory-bucket.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { documentsContract } from './documents.ts'

documentsContract({
  adapter: 'local',
  fresh() {
    const folder = join(temporaryFolder(), 'documents')
    return {
      open: () => openLocalDocuments(folder),
      async replace(name, content) {
        await mkdir(folder)
        await writeFile(join(folder, `${name}.json`), content)
      },
    }
  },
  hasManyWriters: { cannot: 'one process owns the folder, by the lock on bus.db' },
})

documentsContract({
  adapter: 'a bucket in memory whose requests interleave',
  fresh() {
    const bucket = memoryBucket('documents')
    return {
      open: (pollAfterMs = 2000) => openGcsDocuments({ bucket: bucket.process().bucket, log, pollAfterMs }),
      async replace(name, content) {
        const metadata = {}
        const bytes = Buffer.from(content)
        await bucket.process().bucket.put(`documents/${name}.json`, bytes, { ifGeneration: '0', metadata })
      },
    }
  },
  hasManyWriters: true,
})

const places = await startPlaces()
const troubled = await startPlaces({
  seed: 'troubled documents',
  chances: { unavailable: 0.05, tooMany: 0.05, lostRequest: 0.03, lostResponse: 0.05 },
})

for (const [adapter, { storage, place }] of Object.entries({
  'Cloud Storage': places,
  'Cloud Storage with 503s, 429s and lost connections': troubled,
}))
  documentsContract({
    adapter,
    fresh() {
      const { bucket: name, put } = place()
      return {
        open: (pollAfterMs = 2000) => {
          const bucket = openBucket({
            bucket: name,
            rng: systemRng,
            apiEndpoint: storage.url,
            firstDelayMs: 20,
          })
          return openGcsDocuments({ bucket, log, pollAfterMs })
        },
        replace: async (document, content) => put(content, {}, `documents/${document}.json`),
      }
    },
    // Whose answer was lost, and who was then written over, cannot know.
    hasManyWriters: places.storage === storage || {
      cannot: 'tell a write whose answer was lost, once another came after it',
    },
  })
