/** Cloud Storage as it is limited: the strict fake, for Google's own client. Its options are the first argument, as JSON. */
import { startFakeStorage } from '../../support/fake-storage/index.ts'
import { answerBench } from '../answers.ts'

const storage = await startFakeStorage(JSON.parse(process.argv[2] ?? '{}'))
answerBench(storage.url, { counts: () => storage.counts })
