/** A deployed function's ports, opened once, with what the function cannot do without. */
import { ConfigError } from '../../shared/errors.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { type CloudDeps, openCloudDeps } from '../../shared/runtime/deps-cloud.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { type Service, services } from '../services.ts'

/** A first answer without the state is a fallback; so long it may take to have one. */
const FIRST_READ_MS = 2000

/** @throws ConfigError with every fault of the settings. */
export function openFunction(): { service: Service; deps: CloudDeps } {
  const { functionTarget } = loadConfig()
  const service = services.find(({ name }) => name === functionTarget)
  if (service === undefined) {
    const names = services.map(({ name }) => name).join(', ')
    throw new ConfigError(`FUNCTION_TARGET says which function this is: one of ${names}.`)
  }
  const settings = loadConfig(undefined, {}, ['BANDIT_GCS_BUCKET', ...service.needs])
  const log = createLog(settings.logLevel)
  return { service, deps: openCloudDeps(settings, log, { service: service.name }) }
}

/** Reads the state for functions that answer from memory; goes on without it when that takes too long. */
export async function readFirst({ state, log }: CloudDeps): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FIRST_READ_MS)
  })
  const reading = state.read().catch((error: unknown) => log.error('state.unread', { error }))
  await Promise.race([reading, patience])
  clearTimeout(timer)
}
