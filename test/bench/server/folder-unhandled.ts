/** In the place of functions/local/folder.ts, for `framework.ts`. */
import type { Log } from '../../../shared/ports.ts'
import type { Settings } from '../../../shared/schema/settings.ts'
import { openUnhandled } from './ports.ts'

export const openFolder = (settings: Settings, log: Log) =>
  openUnhandled(settings, log, process.argv[2] ?? 'memory')
