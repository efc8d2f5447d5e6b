/** The command line: results on stdout, logs and progress on stderr, exit code 0 only on success. */
import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { ConfigError, InvalidInputError, TransientError } from '../shared/errors.ts'
import { addHistory } from './cli/history.ts'
import { settingsFor } from './cli/operate.ts'
import { addQuestions } from './cli/questions.ts'
import { serve } from './local/serve.ts'

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
  npx runner-bandit serve                          listen for webhooks, and say what to paste into GitLab
  npx runner-bandit replay payloads/               or learn from webhook bodies kept in files
  npx runner-bandit stats                          what has been learned of each arm
  npx runner-bandit sql "SELECT * FROM ci_metrics.decision_outcomes LIMIT 5"

While a server owns the data folder, the other commands go through it. Settings come from the environment; the
README lists them.`,
  )

program
  .command('serve')
  .description('Serve webhooks, recommendations and statistics until stopped (SIGINT, SIGTERM).')
  .action(async (_options, command: Command) => serve(settingsFor(command)))

addHistory(program)
addQuestions(program)

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
