/** What the whole report comes to, first. */
import { decimalsFor, percent } from '../../domain/evaluation/figures.ts'
import { rewardNamed } from '../../domain/evaluation/reward-definitions.ts'
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { figure } from '../cells.ts'
import { type Block, list, paragraph, subheading, type Tone } from '../document.ts'
import { perThousand } from '../per-thousand.ts'

const TONES: Record<EvaluationReport['verdict']['kind'], Tone> = {
  pays: 'good',
  does_not_pay: 'bad',
  undecided: 'neutral',
  no_verdict: 'warning',
}

export function verdictSection(report: EvaluationReport): Block[] {
  const { verdict, question } = report
  const { kind, reasons, advice, assumptions } = verdict
  const { mean, meaning, isLowerBetter } = rewardNamed(question.reward)
  const [lead, rest] = parted(verdict)
  const further = kind === 'no_verdict' ? reasons.slice(1) : reasons
  const felt = perThousand(report)
  return [
    {
      kind: 'notice',
      tone: verdict.hangs_on !== null || verdict.is_exploratory ? 'warning' : TONES[kind],
      title: lead,
      lines: [rest, ...further, felt, advice.length === 0 ? '' : `What to do: ${advice.join(' ')}`].filter(
        (text) => text !== '',
      ),
    },
    paragraph(
      `Asked: does ${question.policy} do better than what was done, by ${mean} (${question.reward}: ${meaning}; ${isLowerBetter ? 'less' : 'more'} is better)? ${laidDown(question)}${powerSentence(report)}`,
    ),
    ...(assumptions.length === 0 ? [] : [subheading('What the sentence stands on'), ...list(assumptions)]),
  ]
}

/** "It pays." in large, the numbers below. */
function parted({ kind, sentence }: EvaluationReport['verdict']): [string, string] {
  const end = kind === 'no_verdict' ? -1 : sentence.indexOf('. ')
  return end < 0 ? [sentence, ''] : [sentence.slice(0, end + 1), sentence.slice(end + 2)]
}

function laidDown({ is_primary, primary_policy, primary_reward }: EvaluationReport['question']): string {
  return is_primary
    ? 'This is the question of the settings: the policy that is set now, over the whole log.'
    : `The question of the settings is another: ${primary_policy}, the policy that is set now, by ${primary_reward} over the whole log.`
}

function powerSentence({ power, verdict }: EvaluationReport): string {
  // Undecided, the sentence itself says it.
  if (power === null || verdict.kind === 'undecided' || verdict.kind === 'no_verdict') return ''
  const { smallest_difference, power: chance, alpha } = power
  return ` A log like this one finds a difference of ${figure(smallest_difference, decimalsFor(smallest_difference))} with a probability of ${percent(chance)} (two-sided, ${percent(alpha)} false alarms).`
}
