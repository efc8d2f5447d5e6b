/** What to do with a verdict. */
import type { Evidence } from './evidence.ts'
import { grouped } from './figures.ts'
import type { Decider } from './jackknife.ts'

type Answer = NonNullable<Evidence['answer']>

export function nextStepsOf(
  kind: 'pays' | 'does_not_pay' | 'undecided',
  { decidedBy, hangsOn }: { decidedBy: Decider; hangsOn: 'job' | 'pipeline' | null },
  answer: Answer,
  { question }: Evidence,
): string[] {
  if (kind === 'undecided') return ['Leave it in the shadow, which costs nothing, and ask again later.']
  if (!question.isPrimary)
    return [
      'Settle on this question now, and ask it of the jobs to come (`--from`): what was found by searching is mostly smaller than it looked.',
    ]
  if (kind === 'does_not_pay')
    return [
      'Route nothing by it. How the other policies would have done is under “Comparisons”; that explores.',
    ]
  if (hangsOn !== null)
    return [
      `Look at that ${hangsOn} first, and route nothing until the log says the same without it: more jobs make any one of them count less.`,
    ]
  if (decidedBy === 'one_look') return [laterOf(answer)]
  return question.source === 'recorded'
    ? ['Widen the canary: these jobs were really routed, so far a share of them.']
    : [
        'Route a share of the pipelines by it (mode canary, docs/routing.md): that measures what no shadow can, what becomes of queues when jobs really follow.',
      ]
}

/** The sequence narrows about as the root of the jobs. */
function laterOf({ jobs, difference, sequenceHigh }: Answer): string {
  const half = (sequenceHigh ?? Number.NaN) - difference
  const more = Math.ceil(jobs * (half / difference) ** 2) - jobs
  return Number.isFinite(more) && more > 0
    ? `If the difference is what it seems, about ${grouped(more)} more jobs would decide it for who looks as often as they like; a canary of few pipelines does no harm meanwhile.`
    : 'Ask again when more jobs have come.'
}
