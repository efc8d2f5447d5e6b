// What functions-framework costs by itself: a handler that does nothing, and the packages of BENCH_PACKAGES, loaded
// before it listens as a function's static imports are. Not TypeScript: the framework alone has nothing to strip.
import { http } from '@google-cloud/functions-framework'

const packages = (process.env.BENCH_PACKAGES ?? '').split(' ').filter((name) => name !== '')
for (const name of packages) await import(name)

if (process.env.BENCH_READS_STATE === 'true') {
  const { Storage } = await import('@google-cloud/storage')
  const object = new Storage().bucket(process.env.BANDIT_GCS_BUCKET).file('bandit_state.json')
  // There is none yet, which it has to be told as well.
  await object.getMetadata().catch(() => undefined)
}

http(process.env.FUNCTION_TARGET, (_request, response) => {
  response.status(202).json({ status: 'accepted', event_id: 'gitlab.com/101/1001/job.finished' })
})
