/** An explanation as text for a terminal. */
import type { Explanation } from '../../shared/schema/explanation-answer.ts'
import { grouped, rows } from './say.ts'

const WIDTH = 100
const MOST_ARMS = 20
const MOST_NAMED = 5

export function explained({ text, decision, symbolic, statistical }: Explanation): string {
  const { arms } = statistical
  const table = arms.slice(0, MOST_ARMS).map((arm) => ({
    arm: arm.arm === decision.arm ? `${arm.arm} (pick)` : arm.arm,
    jobs: arm.observations,
    'mean reward': cell(arm.mean_reward, arm.observations),
    bonus: cell(arm.bonus, arm.observations),
    ...(arms.some(({ penalty }) => penalty > 0) && { penalty: arm.penalty.toFixed(4) }),
    score: cell(arm.score, arm.observations),
    probability: arm.probability?.toFixed(4) ?? '-',
  }))
  const untold = arms.length - table.length
  return [
    folded(text),
    ...(table.length === 0 ? [] : ['', rows(table)]),
    ...(untold > 0 ? [`and ${grouped(untold)} more; --json lists them`] : []),
    ...(symbolic.refused.length === 0 ? [] : ['', 'Refused:']),
    ...symbolic.refused.map(({ rule, arms: refused }) => `  ${rule}: ${named(refused)}`),
  ].join('\n')
}

const cell = (value: number | null, observations: number) =>
  value?.toFixed(4) ?? (observations === 0 ? 'never tried' : '-')

function named(arms: readonly string[]): string {
  const untold = arms.length - MOST_NAMED
  const first = arms.slice(0, untold === 1 ? arms.length : MOST_NAMED).join(', ')
  return untold > 1 ? `${first} and ${grouped(untold)} more` : first
}

/** In lines of at most WIDTH characters, where words allow it. */
function folded(text: string): string {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}
