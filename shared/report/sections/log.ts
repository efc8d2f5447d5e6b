/** What the answer is made from: jobs that count, jobs left out, and whether the data are sound. */
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { count, share, yes } from '../cells.ts'
import {
  type Block,
  type Cell,
  column,
  drawn,
  heading,
  list,
  numbers,
  paragraph,
  table,
} from '../document.ts'
import { barPlot } from '../plots/bars.ts'

export function logSection(report: EvaluationReport): Block[] {
  const { log } = report
  const { first_decided_at: first, last_decided_at: last } = log
  const span = first === null || last === null ? '' : `, decided from ${day(first)} to ${day(last)}`
  return [
    heading('The log'),
    paragraph(
      `${count(log.evaluated_jobs)} of ${count(log.decided_jobs)} jobs can be evaluated${span}: ${count(log.pipelines)} pipelines, ${count(log.job_keys)} job keys, ${count(log.arms)} arms that ran them. ${count(log.routed_jobs)} of the jobs were routed; of the others GitLab chose the runner.${late(log)}${uneven(log)}`,
    ),
    ...table(
      'Jobs left out, and why',
      [column('reason'), ...numbers('jobs'), column('what to do')],
      log.exclusions
        .filter(({ reason }) => reason !== 'evaluated')
        .map(({ reason, jobs, advice }) => [reason.replaceAll('_', ' '), count(jobs), advice]),
    ),
    ...feasibleSizes(report),
    ...checks(report),
  ]
}

function late({ late_jobs: jobs, evaluated_jobs: all }: EvaluationReport['log']): string {
  return jobs === 0
    ? ''
    : ` Of ${count(jobs)} jobs (${share(jobs / all)}) the picks were made when they had ended: their start was not told.`
}

function uneven({ pipelines, effective_pipelines: effective }: EvaluationReport['log']): string {
  return effective === null
    ? ''
    : ` By how unevenly the pipelines share the jobs, the ${count(pipelines)} are worth ${count(Math.floor(effective + 1e-9))} of one size.`
}

function feasibleSizes({ log }: EvaluationReport): Block[] {
  const sizes = log.feasible_sizes
  if (sizes.length === 0) return []
  const bars = sizes.map(({ feasible_count, jobs }) => ({ name: String(feasible_count), jobs }))
  const title = 'How many runners could have taken a job'
  const alone = sizes.find(({ feasible_count }) => feasible_count === 1)?.jobs ?? 0
  return [
    {
      kind: 'plot',
      caption: `${title}. With one, there is nothing to choose: ${count(alone)} jobs add nothing to any difference.`,
      svg: barPlot({ title, axis: 'feasible runners', bars }),
    },
    ...drawn(
      table(
        title,
        numbers('feasible runners', 'jobs'),
        sizes.map(({ feasible_count, jobs }) => [count(feasible_count), count(jobs)]),
      ),
    ),
  ]
}

function checks({ checks }: EvaluationReport): Block[] {
  const failing = checks.filter(({ status }) => status === 'failed')
  return [
    ...table(
      'Data checks, of the whole log: an error that fails stops the verdict',
      [
        column('check'),
        column('severity'),
        column('claim'),
        ...numbers('checked', 'failed'),
        column('result'),
      ],
      checks.map(({ name, severity, status, claim, checked, failed }): Cell[] => [
        name,
        severity,
        claim,
        count(checked),
        count(failed),
        status === 'empty' ? 'nothing to check' : yes(status === 'passed', ['passed', 'FAILS']),
      ]),
    ),
    ...list(
      failing.map(
        ({ name, advice, example }) =>
          `${name}: ${advice}${example === null ? '' : ` One that fails: \`${example.replaceAll('`', "'")}\`.`}`,
      ),
    ),
  ]
}

const day = (instant: string): string => instant.slice(0, 16).replace('T', ' ')
