/**
 * LookML for the marts: a view file each, made from sql/ci_metrics/<mart>.yaml, and a model that explores them.
 * `npm run docs` writes docs/looker/; a test compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from '../../shared/runtime/sql.ts'
import type { TableDescription } from '../../shared/schema/table.ts'
import { root } from './tool.ts'

/** What people read, in the order of the questions: what happened, does it pay, and may one say so. */
export const MARTS = [
  'decision_outcomes',
  'arm_performance',
  'policy_agreement',
  'policy_value',
  'policy_comparison',
  'learning_curve',
  'propensity_check',
  'propensity_calibration',
  'support_check',
  'reward_by_arm',
  'drift',
  'policy_truth',
  'evaluation_exclusions',
]

const FOLDER = join(root, 'docs/looker')

type Column = TableDescription['columns'][number]

/** Columns that add up over rows; of every other number the mean is offered, which of one row is the number itself. */
const ADDS_UP =
  /^(jobs|jobs_with_arm|matches|successes|failures|runner_failures|canceled|cost_eur|shared_jobs|recorded_jobs|candidates)$/

const IDS = /(^|_)id$/

export function viewFile(mart: string): string {
  const { description, grain, columns } = describe(mart)
  return `# Made from sql/ci_metrics/${mart}.yaml by "npm run docs". ${oneLine(description)}
# Grain: ${grain}.
view: ${mart} {
  sql_table_name: ci_metrics.${mart} ;;

${columns.map(field).join('\n\n')}

  measure: rows {
    type: count
    description: "Number of rows: ${quoted(grain)}."
  }${columns.filter(isMeasured).map(measure).join('')}
}
`
}

export function modelFile(): string {
  const explores = MARTS.map((mart) => {
    const { description } = describe(mart)
    return `explore: ${mart} {\n  description: "${quoted(description)}"\n}`
  })
  return `# Made by "npm run docs". Name your connection to the project that holds the dataset ci_metrics.
connection: "runner_bandit"
include: "*.view.lkml"

${explores.join('\n\n')}
`
}

export const files = (): [name: string, text: string][] => [
  ['runner_bandit.model.lkml', modelFile()],
  ...MARTS.map((mart): [string, string] => [`${mart}.view.lkml`, viewFile(mart)]),
]

function field({ name, type, description }: Column): string {
  const says = `description: "${quoted(description)}"\n    sql: \${TABLE}.${name} ;;\n  }`
  if (type === 'TIMESTAMP')
    return `  dimension_group: ${name.replace(/_at$/, '')} {\n    type: time\n    timeframes: [raw, time, hour, date, week, month]\n    ${says}`
  const kind = type === 'BOOL' ? 'yesno' : type === 'STRING' ? 'string' : 'number'
  return `  dimension: ${name} {\n    type: ${kind}\n    ${says}`
}

const isMeasured = ({ name, type }: Column) => (type === 'FLOAT64' || type === 'INT64') && !IDS.test(name)

function measure({ name, description }: Column): string {
  const isSum = ADDS_UP.test(name)
  return `

  measure: ${isSum ? 'total' : 'mean'}_${name} {
    type: ${isSum ? 'sum' : 'average'}
    description: "${isSum ? 'Sum' : 'Mean'} over the rows of: ${quoted(description)}"
    sql: \${TABLE}.${name} ;;
  }`
}

const oneLine = (text: string) => text.trim().replace(/\s+/g, ' ')
const quoted = (text: string) => oneLine(text).replaceAll('\\', '\\\\').replaceAll('"', "'")

if (process.argv.includes('--write')) {
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, text] of files()) writeFileSync(join(FOLDER, name), text)
}
