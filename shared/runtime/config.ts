/** The only reader of the environment. */
import { ConfigError } from '../errors.ts'
import { crossFaults, type Settings, settingsFrom, settingsSchema } from '../schema/settings.ts'
import { faultsOf } from '../schema/wire.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The settings in `env`, with `overrides` (from the command line) before them. Empty values count as not set, but
 * not a token's: who sets one means to be protected by it.
 * @throws ConfigError listing every fault.
 */
export function loadConfig(env: Environment = process.env, overrides: Environment = {}): Settings {
  const given = Object.fromEntries(
    Object.entries({ ...env, ...overrides }).filter(([name, value]) => {
      return value !== undefined && (value !== '' || name.endsWith('_TOKEN'))
    }),
  )
  const parsed = settingsSchema.safeParse(given)
  const faults = parsed.success ? crossFaults(parsed.data) : faultsOf(parsed.error)
  if (!parsed.success || faults.length > 0) throw new ConfigError('The settings are wrong:', faults)
  return settingsFrom(parsed.data)
}
