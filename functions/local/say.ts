/** Results of operations as text for a terminal. */
import type { WriteStream } from 'node:tty'
import type { Progress } from '../../shared/runtime/handler.ts'
import type { RecommendAnswer } from '../../shared/schema/recommend.ts'
import type { RebuildReport } from '../rebuild.ts'
import type { ReplayReport } from '../replay.ts'
import type { gatherStats } from '../stats.ts'
import { rulesNamed } from './say-rules.ts'

const MAX_CELL = 60

export function replayed(report: ReplayReport): string {
  const reasons = Object.entries(report.by_reason).map(([reason, count]) => `  ${count} ${reason}`)
  const { files, accepted, duplicates, ignored, quarantined } = report
  const counts = `${accepted} accepted, ${duplicates} duplicates, ${ignored} ignored, ${quarantined} quarantined`
  return [`${files} bodies: ${counts}`, ...reasons].join('\n')
}

export function rebuilt({
  events,
  observations,
  equal,
  first_difference: difference,
}: RebuildReport): string {
  const basis = `${events} finished jobs in the log, ${observations} observations`
  if (difference === undefined)
    return `${equal ? 'The state is what the log says' : 'The state was rebuilt'}: ${basis}.`
  const { path, state, log } = difference
  return `The state is NOT what the log says (${basis}).\nFirst difference at ${path}: state ${JSON.stringify(state) ?? 'nothing legible'}, log ${JSON.stringify(log) ?? 'nothing'}.\n"npx runner-bandit rebuild" makes it anew.`
}

export function statistics(stats: Awaited<ReturnType<typeof gatherStats>>): string {
  const arms = stats.arms.map((arm) => ({
    rank: arm.rank,
    arm: arm.managed ? arm.arm : `${arm.arm} (not in fleet.yaml)`,
    jobs: arm.observations,
    successes: arm.successes,
    'runner failures': arm.runner_failures,
    'mean reward': arm.mean_reward?.toFixed(4) ?? '-',
    index: arm.index?.toFixed(4) ?? 'never tried',
  }))
  return `${rows(arms)}\n${stats.observations} observations; ranked by ${stats.policy}.`
}

export function recommended(answer: RecommendAnswer | string): string {
  if (typeof answer === 'string') return answer
  const refused = answer.refused.map(({ arm, reason }) =>
    // Of an arm that is one runner the reason begins with its name.
    reason.startsWith(`${arm} `) ? `  ${reason}` : `  ${arm}: ${reason}`,
  )
  const untold = answer.refused_count - refused.length
  if (untold > 0) refused.push(`  and ${grouped(untold)} more; --all lists them`)
  const why = refused.length === 0 ? [] : ['', 'Refused:', ...refused]
  if (answer.kind !== 'arm') {
    const fallback = answer.tag === null ? '' : ` Fallback tag: ${answer.tag}.`
    const lifted = (answer.relaxations ?? []).map(
      ({ lifted, arms }) => `  without ${rulesNamed(lifted)}: ${arms.join(', ')}`,
    )
    const but = lifted.length === 0 ? [] : ['', 'It could be taken', ...lifted]
    return [`${answer.reason}${fallback}`, ...but, ...why].join('\n')
  }
  const feasible = answer.feasible.map(({ arm, score, probability, observations }) => ({
    arm,
    score: score?.toFixed(4) ?? 'never tried',
    probability: probability.toFixed(4),
    observations,
  }))
  const sure = `${percentOf(answer.confidence ?? 0)} sure that it is the best`
  const headline = `${answer.runner}, by the tag ${answer.tag} (${answer.policy}, ${sure}).`
  const isHidden = answer.mode === 'off' || answer.mode === 'shadow'
  const hidden = isHidden ? [`The project is in mode ${answer.mode}: its jobs are not told.`] : []
  return [headline, ...hidden, '', 'Feasible:', rows(feasible), ...why].join('\n')
}

/** 1,200 */
export const grouped = (count: number) => count.toLocaleString('en')

/** Never 100 % for what is not certain. */
function percentOf(share: number): string {
  const percent = Math.round(share * 100)
  return percent === 100 && share < 1 ? 'more than 99 %' : `${percent} %`
}

/** Rows as a table, each column as wide as its longest cell. */
export function rows(table: readonly Record<string, unknown>[]): string {
  const [first] = table
  if (first === undefined) return '(no rows)'
  const columns = Object.keys(first)
  const cells = [columns, ...table.map((row) => columns.map((column) => cell(row[column])))]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] as string).length)))
  const lines = cells.map((line) =>
    line
      .map((text, index) => text.padEnd(widths[index] as number))
      .join('  ')
      .trimEnd(),
  )
  return [lines[0], widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)].join('\n')
}

/** Without characters that steer a terminal or turn the text around: what a runner is called may hold any. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) => (character === '\n' ? '\n' : ' '))
}

function cell(value: unknown): string {
  const plain = harmless(textOf(value)).replaceAll('\n', ' ')
  return plain.length > MAX_CELL ? `${plain.slice(0, MAX_CELL - 1)}…` : plain
}

/** Fractions are cut to what a person reads; --json has them whole. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(6)))
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Shows how far a long operation is on one line, when a person is watching. */
export function progressOn(stream: WriteStream): Progress & { end(): void } {
  let shown = false
  const show: Progress = ({ doing, done, total, at }) => {
    if (!stream.isTTY) return
    shown = true
    const of = total === undefined ? '' : ` of ${grouped(total)}`
    stream.write(`\r\x1b[K${doing}: ${grouped(done)}${of}${at ? ` (${at})` : ''}`)
  }
  return Object.assign(show, {
    end() {
      if (shown) stream.write('\r\x1b[K')
    },
  })
}

/** A command's own log lines are of interest only when something is wrong, or when asked for. */
export function quieter<T extends string>(level: T): T | 'warning' {
  return level === 'info' ? 'warning' : level
}
