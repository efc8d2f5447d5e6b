/** When a log cannot answer for what a policy picks: it was seldom done, had no room, or is weighted wrongly. */
import type { Evidence, Refusal, VerdictLimits } from './evidence.ts'
import { fixed, grouped, percent } from './figures.ts'
import { EVALUATION } from './settings.ts'

/** As support_check judges a mean weight: so many standard errors from what it has to be, or mostWeightGap. */
const MOST_ERRORS = 3

export function weakSupport(evidence: Evidence, limits: VerdictLimits): Refusal[] {
  const { support, question } = evidence
  if (support === null) return []
  const { offSupportShare, leftShare } = support
  return [
    ...(offSupportShare > limits.mostOffSupport
      ? [
          {
            reason: `${percent(offSupportShare)} of what ${question.policy} picks, GitLab never chose among the same runners (at most ${percent(limits.mostOffSupport)} may be so): nothing is known of it.`,
            advice: [
              'Route a share of the jobs evenly (mode canary), so that every feasible runner is tried.',
            ],
          },
        ]
      : []),
    ...(leftShare > limits.mostLeft
      ? [
          {
            reason: `${percent(leftShare)} of what ${question.policy} picks had no room, and is left to GitLab (at most ${percent(limits.mostLeft)} may be so): an answer would be about GitLab.`,
            advice: [
              'Ask about a time with less load (`--from`, `--to`), or route a share of the jobs (mode canary): those wait for their runner.',
            ],
          },
        ]
      : []),
    ...wrongWeights(evidence),
    ...tooFewEffective(evidence, limits),
  ]
}

function wrongWeights({ support, question }: Evidence): Refusal[] {
  if (support === null) return []
  const { meanWeight, meanWeightError, infeasibleShare } = support
  const expected = 1 - infeasibleShare
  if (
    Math.abs(meanWeight - expected) <=
    Math.max(EVALUATION.mostWeightGap, MOST_ERRORS * (meanWeightError ?? 0))
  )
    return []
  return [
    {
      reason: `The weights of ${question.policy} do not add up: they are ${fixed(meanWeight, 2)} on the average and have to be ${fixed(expected, 2)}, so that some of its picks count too ${meanWeight > expected ? 'much' : 'little'}.`,
      advice: [
        'Where it picks, the propensities are wrong: route a share of the jobs (mode canary), of which they are exact.',
      ],
    },
  ]
}

/** The comparison may have fewer jobs than the support is of: not every job has every reward. */
function tooFewEffective({ support, answer, log, question }: Evidence, limits: VerdictLimits): Refusal[] {
  if (support === null) return []
  const { effectiveSampleSize, jobs } = support
  const size = answer === null || jobs === 0 ? 1 : Math.min(1, answer.jobs / jobs)
  const effective = effectiveSampleSize * size
  if (effective >= limits.fewestEffective) return []
  const more = effective > 0 ? Math.ceil(log.evaluated * (limits.fewestEffective / effective - 1)) : null
  return [
    {
      reason: `The log is worth ${grouped(effective)} jobs for what ${question.policy} picks itself (effective sample size); ${grouped(limits.fewestEffective)} are the least.`,
      advice: [
        more === null
          ? 'GitLab and the policy hardly ever agree: route a share of the jobs (mode canary).'
          : `About ${grouped(more)} more jobs like these are needed.`,
      ],
      moreJobs: more,
    },
  ]
}
