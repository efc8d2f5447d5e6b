/** A deployed function's ports, opened once, with what the function cannot do without. */
import { ConfigError } from '../../shared/errors.ts'
import { loadConfig, loadConfigLeniently } from '../../shared/runtime/config.ts'
import { type CloudDeps, openCloudDeps } from '../../shared/runtime/deps-cloud.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { type Service, services } from '../services.ts'

/** A first answer without the state is a fallback; so long it may take to have one. */
const FIRST_READ_MS = 2000

/**
 * Ends the process when the settings are wrong, and says every fault: thrown, the framework would take it for a fault of
 * the code, and hide it in a stack.
 */
export function openFunctionOrEnd(): { service: Service; deps: CloudDeps } {
  try {
    return openFunction()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    console.error(`runner-bandit: ${error.message}`)
    process.exit(1)
  }
}

function openFunction(): { service: Service; deps: CloudDeps } {
  const { settings: given, faults } = loadConfigLeniently()
  const service = services.find(({ name }) => name === given.functionTarget)
  if (service === undefined) {
    const names = services.map(({ name }) => name).join(', ')
    const unknown = `FUNCTION_TARGET must say which function this is: one of ${names}`
    throw new ConfigError('The settings are wrong:', [...faults, unknown])
  }
  const settings = loadConfig(undefined, {}, ['BANDIT_GCS_BUCKET', ...service.needs])
  const log = createLog(settings.logLevel)
  return { service, deps: openCloudDeps(settings, log, { service: service.name }) }
}

/** Reads the state and the modes for functions that answer from memory; goes on without it when that takes too long. */
export async function readFirst({ state, documents, log }: CloudDeps): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FIRST_READ_MS)
  })
  const reading = [
    state.read().catch((error: unknown) => log.error('state.unread', { error })),
    documents.read('modes').catch((error: unknown) => log.error('modes.unread', { error })),
  ]
  await Promise.race([Promise.all(reading), patience])
  clearTimeout(timer)
}
