/** The short form for a terminal: the verdict, what it stands on, and where there is more. */
import { decimalsFor, fixed, grouped, percent } from '../domain/evaluation/figures.ts'
import type { EvaluationReport } from '../schema/evaluation-report.ts'
import { harmless } from './escape.ts'
import { perThousand } from './per-thousand.ts'
import { mainValues } from './rows-of.ts'

const WIDTH = 100

export function terminalText(report: EvaluationReport): string {
  const { verdict, log, question, checks, withheld, power } = report
  const felt = perThousand(report)
  const failing = checks.filter(({ status }) => status === 'failed')
  return [
    folded(verdict.sentence),
    ...section('Why', verdict.reasons.slice(verdict.kind === 'no_verdict' ? 1 : 0)),
    ...(felt === '' ? [] : ['', folded(felt)]),
    ...section('What to do', verdict.advice),
    ...valueLines(report),
    ...section('It stands on', verdict.assumptions),
    ...section(
      'Not shown',
      withheld.map(({ source, reason }) => `${source} propensities: ${reason}`),
    ),
    ...section(
      'Data checks that fail',
      failing.map(
        ({ name, severity, counted, checked, failed, advice }) =>
          `${name} (${severity}): ${grouped(failed)} of ${grouped(checked)} ${counted} fail. ${advice}`,
      ),
    ),
    '',
    folded(
      `${grouped(log.evaluated_jobs)} of ${grouped(log.decided_jobs)} jobs evaluated, ${grouped(log.pipelines)} pipelines, ${grouped(log.routed_jobs)} jobs routed; reward ${question.reward}, ${question.propensities} propensities.`,
    ),
    ...log.exclusions
      .filter(({ reason }) => reason !== 'evaluated')
      .map(({ reason, jobs, advice }) =>
        folded(
          `Left out, ${reason.replaceAll('_', ' ')}: ${grouped(jobs)}.${advice === '' ? '' : ` ${advice}`}`,
          '  ',
        ),
      ),
    ...(power === null || verdict.kind === 'undecided' || verdict.kind === 'no_verdict'
      ? []
      : [
          folded(
            `A log like this one finds differences from ${fixed(power.smallest_difference, decimalsFor(power.smallest_difference))} on (power ${percent(power.power)}).`,
          ),
        ]),
    'The whole report: `runner-bandit evaluate --html`.',
  ]
    .map((line) => line.split('\n').map(harmless).join('\n'))
    .join('\n')
}

/** Values of the chosen source, doubly robust. */
function valueLines(report: EvaluationReport): string[] {
  const values = mainValues(report)
  if (values.length === 0) return []
  const truth = new Map(report.truth.map(({ target, true_value }) => [target, true_value]))
  const width = Math.max(...values.map(({ target }) => target.length))
  const lines = values.map(({ target, value, low, high }) => {
    const decimals = low === null || high === null ? 3 : decimalsFor((high - low) / 2)
    const known = truth.get(target)
    const interval =
      low === null || high === null || low === high
        ? ''
        : `  ${fixed(low, decimals)} to ${fixed(high, decimals)}`
    return `  ${target.padEnd(width)}  ${fixed(value, decimals)}${interval}${known === undefined ? '' : `  (truth ${fixed(known, decimals)})`}`
  })
  return ['', 'Value per policy, doubly robust, with 95 % intervals:', ...lines]
}

function section(title: string, sentences: readonly string[]): string[] {
  return sentences.length === 0
    ? []
    : ['', `${title}:`, ...sentences.map((sentence) => folded(sentence, '  '))]
}

/** In lines of at most WIDTH characters, where words allow it. */
function folded(text: string, indent = ''): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= WIDTH)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(`${indent}${lines.length > 0 && indent !== '' ? '  ' : ''}${word}`)
  }
  return lines.join('\n')
}
