/**
 * What `runner-bandit evaluate` asks, saved for BigQuery's console and for Looker Studio: over the deployed views, of one
 * policy, reward and source that the reader replaces. `npm run docs` writes docs/queries/; a test compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type InfluenceName, influenceQuestions } from '../../shared/runtime/evaluation-influence.ts'
import { type QuestionName, questionsOn, type Statement } from '../../shared/runtime/evaluation-questions.ts'
import { root } from './tool.ts'

const FOLDER = join(root, 'docs/queries')

export const EXAMPLE = { policy: 'ucb1', reward: 'spec', source: 'estimated', primaryReward: 'spec' }

const ANSWERS: Record<QuestionName | InfluenceName, string> = {
  exclusions: 'How many jobs can be evaluated, which are left out, and what to do about it?',
  log: 'What is the log that is evaluated?',
  feasible_sizes: 'Between how many arms was there a choice?',
  propensities: 'May the propensities be believed, by source?',
  calibration: 'Of the arms given a probability of about p, was the share p chosen?',
  support: 'Can the log say anything about each policy?',
  estimates: 'What is each policy worth, and how far is it from what was done and from every other?',
  other_rewards: 'What would the policy change in the other rewards?',
  curve: 'What was known at the end of each day, however often one looked?',
  weights: 'How unequal are the weights of the policy?',
  job_keys:
    'For which job keys does the policy change the most? Exploratory: nobody asked of them beforehand.',
  arms: 'What does each arm bring, adjusted for the jobs that it gets?',
  drift: 'Which arms have changed?',
  truth: 'What would each policy really have brought? Of played worlds only.',
  influence:
    'Which jobs and pipelines move the difference from what was done the most, and what is it the mean of?',
  coverage: 'Of how many of all jobs did each arm run the job key, so that its adjusted mean is seen there?',
  generation: 'From which generation of the bandit state was the newest decision made?',
}

export const files = (): [name: string, text: string][] =>
  Object.entries({ ...questionsOn(EXAMPLE), ...influenceQuestions(EXAMPLE) }).map(([name, statement]) => [
    `${name}.sql`,
    `-- ${ANSWERS[name as keyof typeof ANSWERS]}
-- As "runner-bandit evaluate" asks, here of policy ${EXAMPLE.policy}, reward ${EXAMPLE.reward}, source ${EXAMPLE.source}. Made by "npm run docs".
${narrowed(statement).trim()}
`,
  ])

/** What `evaluate` narrows before the statement reads it, a saved one has to narrow itself. */
const narrowed = ({ select, terms }: Statement): string =>
  terms === undefined
    ? select
    : select.replaceAll(
        'FROM ci_metrics.policy_terms',
        `FROM (SELECT * FROM ci_metrics.policy_terms WHERE ${terms})`,
      )

if (process.argv.includes('--write')) {
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, text] of files()) writeFileSync(join(FOLDER, name), text)
}
