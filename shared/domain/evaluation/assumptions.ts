/** What a verdict stands on, a sentence each: what is assumed, and what it does not speak of. */
import type { Evidence } from './evidence.ts'
import { decimalsFor, fixed, grouped, percent, signed } from './figures.ts'

/** A larger share of late picks is told. */
const TOLD_LATE = 0.05

const DAYS_OF_WEEK = 7

type Answer = NonNullable<Evidence['answer']>

export function assumptionsOf(answer: Answer, evidence: Evidence): string[] {
  const { question, support, log } = evidence
  const infeasible = support?.infeasibleShare ?? 0
  const left = support?.leftShare ?? 0
  return [
    'Jobs are rerouted one at a time. If all followed, the best runners would fill up, jobs would wait for them, and less may be gained: `runner-bandit simulate` plays that, a canary measures it.',
    ASSUMED_OF_SOURCE[question.source],
    'Given what is known of a job and of the fleet when it starts, who got it hangs on nothing that also makes it good or bad.',
    `Jobs of different pipelines are independent of each other; jobs of one need not be.${uneven(log)}`,
    ...(left > 0
      ? [
          `${percent(left)} of the picks had no room at that moment, as far as is known: they are left to GitLab, and add nothing to the difference.`,
        ]
      : []),
    ...(log.late > TOLD_LATE * log.evaluated
      ? [
          `Of ${percent(log.late / log.evaluated)} of the jobs the pick was made when they had ended, since their start was not told: taken for what would have been picked at their start.`,
        ]
      : []),
    ...leftOut(log),
    ...shortSpan(log),
    anytime(answer),
    ...(question.isPrimary
      ? []
      : [
          'This is not the question of the settings (the policy that is set now, by the reward spec, over the whole log): it explores, and was held against all comparisons of this report (Holm). What else was asked before, no one counts.',
        ]),
    ...(infeasible > 0
      ? [
          `${percent(infeasible)} of the picks could not have run the job; they count 0, which is no estimate but how the question is put.`,
        ]
      : []),
  ]
}

/** Where few pipelines have most of the jobs, their number says too much. */
function uneven({ clusters, effectiveClusters: effective }: Evidence['log']): string {
  return effective === null || effective >= clusters / 2
    ? ''
    : ` Few have most of the jobs: the ${grouped(clusters)} are worth ${grouped(Math.floor(effective))} of one size.`
}

function leftOut({ leftOut: reasons, decided }: Evidence['log']): string[] {
  const jobs = reasons.reduce((sum, reason) => sum + reason.jobs, 0)
  if (jobs === 0) return []
  const named = reasons.map(({ reason, jobs: count }) => `${reason.replaceAll('_', ' ')} ${grouped(count)}`)
  return [
    `Nothing is said of the ${percent(jobs / decided)} of the jobs that were left out (${named.join(', ')}): they may be other jobs than the rest.`,
  ]
}

function shortSpan({ spanDays }: Evidence['log']): string[] {
  if (spanDays === null || spanDays >= DAYS_OF_WEEK) return []
  return [`The log spans ${fixed(spanDays, 1)} days: what is otherwise on other days of a week is not in it.`]
}

function anytime({ low, high, sequenceLow, sequenceHigh }: Answer): string {
  const decimals = decimalsFor((high - low) / 2)
  return sequenceLow === null || sequenceHigh === null
    ? 'The interval is for one look.'
    : `The interval is for one look. Who looks again and again until it says something should read the sequence instead: ${signed(sequenceLow, decimals)} to ${signed(sequenceHigh, decimals)}.`
}

const ASSUMED_OF_SOURCE = {
  recorded:
    'The probabilities are those that the jobs were routed with; it speaks of routed jobs, not of the others.',
  estimated:
    "GitLab's own choices are as probable as counted among jobs with the same feasible runners, the same of them with room, and the same runner of the job before; the report has their test.",
  uniform:
    'GitLab gives a job to each feasible runner with the same probability: assumed, and not refuted by its test.',
}
