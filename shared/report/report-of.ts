/** An evaluation as a report to be read: the answer first, then what it stands on. */
import type { EvaluationReport } from '../schema/evaluation-report.ts'
import type { Report } from './document.ts'
import { armSection } from './sections/arms.ts'
import { comparisonSection } from './sections/comparisons.ts'
import { curveSection } from './sections/curve.ts'
import { jobKeySection } from './sections/job-keys.ts'
import { logSection } from './sections/log.ts'
import { methodSection } from './sections/methods.ts'
import { propensitySection } from './sections/propensities.ts'
import { regretSection } from './sections/regret.ts'
import { reproductionSection } from './sections/reproduction.ts'
import { supportSection } from './sections/support.ts'
import { valueSection } from './sections/values.ts'
import { verdictSection } from './sections/verdict.ts'

const SECTIONS = [
  verdictSection,
  valueSection,
  comparisonSection,
  regretSection,
  curveSection,
  jobKeySection,
  logSection,
  propensitySection,
  supportSection,
  armSection,
  methodSection,
  reproductionSection,
]

export function reportOf(evaluation: EvaluationReport): Report {
  const { question, made_at: madeAt } = evaluation
  const window =
    question.from === null && question.to === null
      ? 'all decisions'
      : `decisions from ${question.from ?? 'the beginning'} to ${question.to ?? 'now'}`
  return {
    title: `Does ${question.policy} pay?`,
    subtitle: `Runner Bandit, evaluation of ${window}; made ${madeAt.slice(0, 16).replace('T', ' ')} UTC.`,
    blocks: SECTIONS.flatMap((section) => section(evaluation)),
  }
}
