/** The product's server: `product.ts <local|memory> <handles>`, its settings from the environment. */
import { openFolder } from '../../../functions/local/folder.ts'
import { listen } from '../../../functions/local/http.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { createLog } from '../../../shared/runtime/log.ts'
import { answerBench } from '../answers.ts'
import { openUnhandled } from './ports.ts'

const [bus = 'local', handles] = process.argv.slice(2)
const settings = loadConfig()
const log = createLog(settings.logLevel)
const deps = handles === 'true' ? await openFolder(settings, log) : await openUnhandled(settings, log, bus)
const { port } = await listen(deps)

let letGo: (() => void) | undefined

answerBench(port, {
  /** Until everything that was published is handled. */
  drained: () => deps.deliveries.drained(),
  /** Lets what is published queue up, until `release`. */
  hold: () =>
    new Promise<void>((held, reject) => {
      const released = new Promise<void>((resolve) => {
        letGo = resolve
      })
      deps.deliveries
        .hold(() => {
          held()
          return released
        })
        .catch(reject)
    }),
  release: () => letGo?.(),
})
