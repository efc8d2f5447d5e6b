/** Commands for what went wrong, and for starting over. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import * as say from '../local/say-upkeep.ts'
import { operate, settingsFor } from './operate.ts'

const MAX_LIMIT = 10_000

export function addUpkeep(program: Command): void {
  addQuarantine(program)
  addDeadLetters(program)
  addReset(program)
  addReshard(program)
}

function addQuarantine(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('Webhooks that were authentic and not understood.')
  quarantine
    .command('list')
    .description('Count them by code, and show the newest.')
    .addOption(limitOf())
    .action(async ({ limit }: { limit: number }, command: Command) => {
      await operate('quarantine', { limit }, command, say.quarantined)
    })
  quarantine
    .command('redrive')
    .description(
      'Take them in again, after an update or a change of the settings. What is understood now leaves.',
    )
    .option('--code <code>', 'only those of this code')
    .option('--id <id>', 'only this one')
    .action(async ({ code, id }: Record<string, string>, command: Command) => {
      await operate('quarantine-redrive', { code, id }, command, say.bodiesRedriven)
    })
  quarantine
    .command('drop')
    .description('Remove them for good.')
    .option('--code <code>', 'those of this code')
    .option('--id <id>', 'this one')
    .option('--all', 'all of them')
    .action(async (options: { code?: string; id?: string; all?: true }, command: Command) => {
      const { code, id, all = false } = options
      await operate('quarantine-drop', { code, id, all }, command, say.dropped)
    })
}

function limitOf(): Option {
  return new Option('--limit <n>', 'so many at most').default(20).argParser((text) => {
    const limit = Number(text)
    if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit
    throw new InvalidArgumentError(`It has to be a whole number from 1 to ${MAX_LIMIT}.`)
  })
}

function addDeadLetters(program: Command): void {
  const letters = program
    .command('dead-letters')
    .description('Messages that could not be handled, and were given up on.')
  letters
    .command('list')
    .description('Show them, the newest first.')
    .option('--subscription <name>', 'only those of one reader, for example learn')
    .addOption(limitOf())
    .action(async (options: { subscription?: string; limit: number }, command: Command) => {
      await operate('dead-letters', options, command, say.deadLetters)
    })
  letters
    .command('redrive')
    .description(
      'Give them back to who gave up on them. Nothing is done twice, however often it is asked for.',
    )
    .option('--subscription <name>', 'only those of one reader')
    .action(async ({ subscription }: Record<string, string>, command: Command) => {
      await operate('dead-letters-redrive', { subscription }, command, say.redriven)
    })
}

function addReset(program: Command): void {
  program
    .command('reset')
    .description('Forget what was learned. The log and the tables stay, and a copy of the state.')
    .option('--yes', 'do it; without this, only say what would happen')
    .option('--reason <text>', 'kept in the table resets')
    .action(async ({ yes = false, reason }: { yes?: boolean; reason?: string }, command: Command) => {
      await operate('reset', { confirmed: yes, reason }, command, say.reset)
      if (!yes) process.exitCode = 1
    })
}

function addReshard(program: Command): void {
  program
    .command('reshard')
    .description('Divide the bandit state on Google Cloud into another number of objects.')
    .option('--shards <n>', 'so many (env BANDIT_STATE_SHARDS)', wholeNumber)
    .addHelpText(
      'after',
      `
Run it before functions with the new BANDIT_STATE_SHARDS are deployed. Until they are, learners are refused and their
events wait in Pub/Sub; recommendations go on from the state as it was. Cut off, it is run again.`,
    )
    .action(async ({ shards }: { shards?: number }, command: Command) => {
      await operate('reshard', { shards: shards ?? settingsFor(command).stateShards }, command, say.resharded)
    })
}

function wholeNumber(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It has to be a whole number.')
}
