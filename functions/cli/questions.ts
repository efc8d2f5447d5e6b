/** Commands that ask: which runner, what was learned, what the tables say. */
import { type Command, Option } from 'commander'
import { policyNames } from '../../shared/domain/policies/index.ts'
import * as say from '../local/say.ts'
import { operate } from './operate.ts'

export function addQuestions(program: Command): void {
  program
    .command('recommend')
    .description('Say which runner should take a job.')
    .requiredOption('--project <id>', "GitLab's project id, or a name or path that fleet.yaml gives an id")
    .requiredOption('--job <name>', 'name of the job')
    .option('--tags <a,b>', 'tags that the job needs; "" for none; left out: not known')
    .addOption(new Option('--policy <name>', 'policy to ask (env BANDIT_ALGORITHM)').choices(policyNames))
    .addOption(new Option('--format <format>', 'dotenv: as a GitLab report').choices(['dotenv']))
    .option('--protected', 'the job runs on a protected ref')
    .option('--all', 'list all arms instead of the best ten and a hundred refused ones')
    .action(async (options: Record<string, string | true>, command: Command) => {
      await operate('recommend', parametersOf(options), command, say.recommended)
    })

  program
    .command('stats')
    .description('Show what has been learned of each arm.')
    .action(async (_options, command: Command) => {
      await operate('stats', {}, command, say.statistics)
    })

  program
    .command('sql')
    .description('Run one SELECT over the tables and views of ci_metrics.')
    .argument('<query>', 'for example: SELECT * FROM ci_metrics.arm_performance')
    .addHelpText(
      'after',
      `
Tables: job_events, runner_decisions, recommendations, choice_sets, job_outcomes, quarantine, resets,
        audit_log, potential_outcomes (of played worlds only).

Views:
  job_event_log           the events, each once
  decision_outcomes       what was decided on a job, and what became of it
  arm_performance         how each arm has done
  policy_agreement        how often a policy's pick was the arm that the job ran on
  policy_value            what a policy would have got, by eight estimators
  policy_comparison       whether one policy is better than another, on the same jobs
  learning_curve          what was known of a policy at the end of each day
  propensity_check        whether a source of propensities may be believed
  propensity_calibration  predicted and observed shares, by tenth of probability
  support_check           whether a policy's picks were made often enough to say anything of it
  reward_by_arm           what jobs earned on each arm, raw and on the same job keys
  drift                   whether an arm does in a week what it did before
  policy_truth            what a policy would have got, in worlds that were played
  evaluation_exclusions   how many jobs are not evaluated, and why
The others are steps towards them.

"DESCRIBE ci_metrics.decision_outcomes" lists the columns; sql/ci_metrics/*.yaml says what they mean.`,
    )
    .action(async (query: string, _options, command: Command) => {
      await operate('sql', { query }, command, say.rows)
    })
}

function parametersOf({ protected: isProtected, all, ...texts }: Record<string, string | true>) {
  const { data: _, json: __, ...parameters } = texts
  return { ...parameters, ...(isProtected ? { protected: '1' } : {}), ...(all ? { all: '1' } : {}) }
}
