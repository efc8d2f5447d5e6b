/** The only reader of the environment. */
import { ConfigError } from '../errors.ts'
import { type Settings, settingsFrom } from '../schema/settings.ts'
import { crossFaults } from '../schema/settings-faults.ts'
import { settingsSchema } from '../schema/settings-schema.ts'
import { faultsOf } from '../schema/wire.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What must be set besides; of a list, one is enough. */
export type Needs = readonly (string | readonly string[])[]

/**
 * The settings in `env`, with `overrides` (from the command line) before them. Empty values count as not set, but
 * not a token's: who sets one means to be protected by it.
 * @throws ConfigError listing every fault.
 */
export function loadConfig(
  env: Environment = process.env,
  overrides: Environment = {},
  needs: Needs = [],
): Settings {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...env, ...overrides })) {
    if (value !== undefined && (value !== '' || name.endsWith('_TOKEN'))) given[name] = value
  }
  const parsed = settingsSchema.safeParse(given)
  const missing = needs
    .map((need) => (typeof need === 'string' ? [need] : need))
    .filter((names) => names.every((name) => given[name] === undefined))
    .map((names) => `${names.join(' or ')} must be set`)
  const faults = [...(parsed.success ? [] : faultsOf(parsed.error)), ...crossFaults(given), ...missing]
  if (!parsed.success || faults.length > 0) throw new ConfigError('The settings are wrong:', faults)
  return settingsFrom(parsed.data)
}

/** For who has to go on with wrong settings: those that are wrong have their defaults, and all faults are told. */
export function loadConfigLeniently(
  env: Environment = process.env,
  overrides: Environment = {},
): { settings: Settings; faults: readonly string[] } {
  try {
    return { settings: loadConfig(env, overrides), faults: [] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const given: Record<string, string | undefined> = { ...env, ...overrides }
    const legible = Object.entries(settingsSchema.shape).flatMap(([name, schema]) => {
      const value = given[name] === '' ? undefined : given[name]
      return value !== undefined && schema.safeParse(value).success ? [[name, value]] : []
    })
    const settings = settingsFrom(settingsSchema.parse(Object.fromEntries(legible)))
    const isElsewhere = given.GITLAB_URL !== undefined && !legible.some(([name]) => name === 'GITLAB_URL')
    return {
      // A token is of one GitLab, and must not go to the default one.
      settings: isElsewhere ? { ...settings, gitlabApiToken: undefined } : settings,
      faults: error.faults,
    }
  }
}
