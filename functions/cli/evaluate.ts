/** Does it pay? The answer to the terminal, or a report into a file. */
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { rewardNames } from '../../shared/domain/evaluation/reward-definitions.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import { htmlOf } from '../../shared/report/html.ts'
import { markdownOf } from '../../shared/report/markdown.ts'
import { reportOf } from '../../shared/report/report-of.ts'
import { terminalText } from '../../shared/report/text.ts'
import type { EvaluationReport } from '../../shared/schema/evaluation-report.ts'
import { targetNames } from '../evaluate.ts'
import { whereTheDemoIs } from '../local/demo/demo-folder.ts'
import { operate, settingsFor } from './operate.ts'

type Options = Record<'policy' | 'reward' | 'propensities' | 'from' | 'to', string | undefined> & {
  html?: string | true
  md?: string | true
}

const HTML_FILE = 'evaluation.html'
const MARKDOWN_FILE = 'evaluation.md'

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description(
      'Say whether following a policy pays, by what was logged, with an interval; or why that cannot be said.',
    )
    .option('--from <moment>', 'decisions from then on: a day as 2026-10-01, or how long ago as 30d')
    .option('--to <moment>', 'decisions before then')
    .addOption(
      new Option('--policy <name>', 'policy to ask about (env BANDIT_ALGORITHM)').choices(targetNames),
    )
    .addOption(
      new Option('--reward <name>', 'what counts (default: spec, laid down beforehand)').choices(rewardNames),
    )
    .addOption(
      new Option('--propensities <source>', "where the probabilities of GitLab's choices are from")
        .choices(['recorded', 'estimated', 'uniform'])
        .default('estimated'),
    )
    .addOption(
      new Option(
        '--html [file]',
        `the whole report as a page, into a file (default: ${HTML_FILE})`,
      ).conflicts('md'),
    )
    .option('--md [file]', `the whole report as Markdown, into a file (default: ${MARKDOWN_FILE})`)
    .addHelpText(
      'after',
      `
With --json the whole report is printed as one JSON value. docs/evaluation.md says how to read it.

  npx runner-bandit evaluate --html
  npx runner-bandit evaluate --policy greedy --reward time_to_result --from 30d`,
    )
    .action(async ({ html, md, policy, reward, propensities, from, to }: Options, command: Command) => {
      const file = fileOf(html, md)
      const input = { policy, reward, propensities, from, to }
      if (file !== undefined && command.optsWithGlobals<{ json?: true }>().json)
        throw new InvalidInputError('--json prints the report: leave out --html and --md.')
      if (file !== undefined) refuseUnwritable(file.path)
      await operate<EvaluationReport>('evaluate', input, command, (report) => {
        const hint = hintOf(report, command)
        if (file === undefined) return `${terminalText(report)}${hint}`
        writeReport(file.path, file.isHtml ? htmlOf(reportOf(report)) : markdownOf(reportOf(report)))
        return `${report.verdict.sentence}\n\nThe report is in ${file.path}.${hint}`
      })
    })
}

function fileOf(html: string | true | undefined, md: string | true | undefined) {
  if (html !== undefined) return { path: resolve(html === true ? HTML_FILE : html), isHtml: true }
  if (md !== undefined) return { path: resolve(md === true ? MARKDOWN_FILE : md), isHtml: false }
  return undefined
}

/** Before the work is done. @throws InvalidInputError for a folder, or a file in a folder that is not there. */
function refuseUnwritable(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory())
    throw new InvalidInputError(`${path} is a folder; name the file that the report is to be written to.`)
  if (!existsSync(dirname(path)))
    throw new InvalidInputError(`The report cannot be written: there is no folder ${dirname(path)}.`)
}

/** @throws InvalidInputError when it cannot be written. */
function writeReport(path: string, content: string): void {
  try {
    writeFileSync(path, content)
  } catch (error) {
    throw new InvalidInputError(`The report cannot be written: ${(error as Error).message}`, { cause: error })
  }
}

/** Who has just seen the demo asks the wrong folder first. */
function hintOf({ log }: EvaluationReport, command: Command): string {
  if (log.decided_jobs > 0 || settingsFor(command).cloud !== undefined) return ''
  const hint = whereTheDemoIs()
  return hint === '' ? '' : `\n\n${hint}`
}
