/** The command line: results on stdout, logs and progress on stderr, exit code 0 only on success. */
import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { ConfigError, InvalidInputError, TransientError } from '../shared/errors.ts'
import { addCommands } from './cli/commands.ts'

const program = new Command('runner-bandit')
  .description(
    'Learns from GitLab job webhooks which CI runner should take a job, and measures whether it matters.',
  )
  .option('--data <dir>', 'folder for everything that is kept (env RUNNER_BANDIT_DATA, default ./data)')
  .option('--json', 'print the result as JSON')
  .version(packageJson.version)
  .showHelpAfterError('(runner-bandit --help lists the commands)')
  .addHelpText(
    'after',
    `
Start with:
  npx runner-bandit serve --demo                   see it at work, with a played GitLab
  npx runner-bandit serve                          listen for webhooks, and say what to paste into GitLab
  npx runner-bandit fleet sync --project group/app describe your runners in fleet.yaml (needs GITLAB_API_TOKEN)
  npx runner-bandit backfill --project group/app   learn from the last month in GitLab (needs GITLAB_API_TOKEN)
  npx runner-bandit replay payloads/               or learn from webhook bodies kept in files
  npx runner-bandit stats                          what has been learned of each arm
  npx runner-bandit sql "SELECT * FROM ci_metrics.decision_outcomes LIMIT 5"

While a server owns the data folder, the other commands go through it. Settings come from the environment; the
README lists them.`,
  )

await addCommands(program, process.argv.slice(2))

// Of every machine but Google's own; whether there are credentials, the command says itself.
const { emitWarning } = process
process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (rest[0] !== 'MetadataLookupWarning') Reflect.apply(emitWarning, process, [warning, ...rest])
}

// Started by the launcher, this process goes when the launcher goes, and does not stay for its sake.
process.once('disconnect', () => process.exit(1))
process.channel?.unref()

try {
  await program.parseAsync()
} catch (error) {
  const isExpected = [ConfigError, InvalidInputError, TransientError].some((kind) => error instanceof kind)
  console.error(isExpected ? `runner-bandit: ${(error as Error).message}` : error)
  process.exitCode = 1
}
