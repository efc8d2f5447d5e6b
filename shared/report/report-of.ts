/** An evaluation as a report to be read: the answer first, then what it stands on. */
import type { EvaluationReport } from '../schema/evaluation-report.ts'
import type { Report } from './document.ts'
import { armSection } from './sections/arms.ts'
import { comparisonSection } from './sections/comparisons.ts'
import { curveSection } from './sections/curve.ts'
import { influenceSection } from './sections/influence.ts'
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
  influenceSection,
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

/** Without a single job. */
const OF_NOTHING = [verdictSection, reproductionSection]

export function reportOf(evaluation: EvaluationReport): Report {
  const { question, log, made_at: madeAt } = evaluation
  const window =
    question.from === null && question.to === null
      ? 'all decisions'
      : `the decisions from ${question.from ?? 'the beginning'} to ${question.to ?? 'now'}`
  const { first_decided_at: first, last_decided_at: last } = log
  const span = first === null || last === null ? '' : ` (${minute(first)} to ${minute(last)})`
  return {
    title: `Does ${question.policy} pay?`,
    subtitle: `Runner Bandit: what if every job had gone where the policy ${question.policy} said? By ${window}${span}; made ${minute(madeAt)} UTC.`,
    blocks: (log.decided_jobs === 0 ? OF_NOTHING : SECTIONS).flatMap((section) => section(evaluation)),
  }
}

const minute = (instant: string): string => instant.slice(0, 16).replace('T', ' ')
