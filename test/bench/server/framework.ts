/** functions-framework: `framework.ts <empty|memory|local>`, an empty handler or the product's ingest as the cloud calls it. */
import { registerHooks } from 'node:module'
import type { AddressInfo } from 'node:net'
import { http } from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { answerBench } from '../answers.ts'

const [kind = 'empty'] = process.argv.slice(2)
if (kind === 'empty') {
  http('ingest', (_request, response) => {
    response.status(202).json({ status: 'accepted', event_id: 'gitlab.com/101/1001/job.finished' })
  })
} else {
  await registerProduct()
}
const server = getTestServer('ingest')
server.listen(0, '127.0.0.1', () => answerBench((server.address() as AddressInfo).port, {}))

/** In the cloud other functions handle what ingest publishes: here nobody does, so that their work is not counted. */
async function registerProduct(): Promise<void> {
  let replaced = false
  registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.endsWith('/local/folder.ts')) return next(specifier, context)
      replaced = true
      return next(new URL('./folder-unhandled.ts', import.meta.url).href, context)
    },
  })
  await import('../../../functions/index.ts')
  if (!replaced) throw new Error('functions/index.ts opens its ports by another file now')
}
