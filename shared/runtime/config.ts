/** The only reader of the environment. */
import { ConfigError } from '../errors.ts'
import { crossFaults, type Settings, settingsFrom, settingsSchema } from '../schema/settings.ts'
import { faultsOf } from '../schema/wire.ts'

/**
 * The settings in `env`; empty values count as not set.
 * @throws ConfigError listing every fault.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Settings {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = settingsSchema.safeParse(given)
  const faults = parsed.success ? crossFaults(parsed.data) : faultsOf(parsed.error)
  if (!parsed.success || faults.length > 0) throw new ConfigError('The settings are wrong:', faults)
  return settingsFrom(parsed.data)
}
