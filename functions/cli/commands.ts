/** Which file has which command. Only what is asked for is loaded: most of what a command needs, the others do not. */
import type { Command } from 'commander'

type Add = (program: Command) => void

/** In the order of the help; the names are those of the first word after `runner-bandit`. */
export const commandFiles: readonly { names: readonly string[]; load(): Promise<Add> }[] = [
  { names: ['serve'], load: async () => (await import('./serve.ts')).addServe },
  {
    names: ['replay', 'backfill', 'reconcile', 'rebuild'],
    load: async () => (await import('./history.ts')).addHistory,
  },
  {
    names: ['recommend', 'stats', 'sql'],
    load: async () => (await import('./questions.ts')).addQuestions,
  },
  { names: ['availability'], load: async () => (await import('./availability.ts')).addAvailability },
  { names: ['evaluate'], load: async () => (await import('./evaluate.ts')).addEvaluate },
  { names: ['replay-policy'], load: async () => (await import('./replay-policy.ts')).addReplayPolicy },
  { names: ['explain'], load: async () => (await import('./explain.ts')).addExplain },
  { names: ['hook'], load: async () => (await import('./hook.ts')).addHook },
  { names: ['fleet'], load: async () => (await import('./fleet.ts')).addFleet },
  { names: ['modes'], load: async () => (await import('./modes.ts')).addModes },
  {
    names: ['quarantine', 'dead-letters', 'reset', 'reshard'],
    load: async () => (await import('./upkeep.ts')).addUpkeep,
  },
  { names: ['check'], load: async () => (await import('./check.ts')).addCheck },
  { names: ['simulate'], load: async () => (await import('./simulate.ts')).addSimulate },
  {
    names: ['validate-estimators'],
    load: async () => (await import('./validate-estimators.ts')).addValidateEstimators,
  },
  { names: ['doctor'], load: async () => (await import('./doctor.ts')).addDoctor },
  { names: ['smoke'], load: async () => (await import('./smoke.ts')).addSmoke },
  { names: ['deploy-sql'], load: loadDeploySql },
  { names: ['cost'], load: async () => (await import('./cost.ts')).addCost },
]

async function loadDeploySql(): Promise<Add> {
  const [{ addDeploySql }, { warehouseSchemaFor }] = await Promise.all([
    import('./deploy.ts'),
    import('./operate.ts'),
  ])
  return (program) => addDeploySql(program, warehouseSchemaFor)
}

/**
 * Adds the commands whose names are among the words; all of them when none is, or help is asked for.
 * A value that reads like a command brings one too many, which does no harm.
 */
export async function addCommands(program: Command, words: readonly string[]): Promise<void> {
  const isHelp = words[0] === 'help'
  const named = commandFiles.filter(({ names }) => names.some((name) => words.includes(name)))
  for (const { load } of named.length === 0 || isHelp ? commandFiles : named) {
    const add = await load()
    add(program)
  }
}
