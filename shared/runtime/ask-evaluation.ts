/** Asks the views, composed with a window, and keeps what identifies each statement. */
import { createHash } from 'node:crypto'
import type { Row, WarehouseSession } from '../ports.ts'
import { composed } from '../schema/compose-sql.ts'
import type { Window } from '../schema/moment.ts'
import type { Catalogue } from '../schema/table.ts'
import type { Statement } from './evaluation-questions.ts'
import { loadCatalogue } from './sql.ts'

export type AskedStatement = { name: string; sha256: string; rows: number }

/**
 * What most answers are made of, in an order in which each is made of those before it: computed once. Of policy_terms
 * and policy_clusters only what a statement asks for.
 */
export const SHARED_VIEWS = [
  'evaluation_jobs',
  'evaluation_decisions',
  'feasible_sets',
  'full_arms',
  'behaviour_contexts',
  'propensity_model',
  'propensities',
  'reward_model',
  'policy_picks',
  'policy_terms',
  'policy_clusters',
] as const

type SharedView = (typeof SHARED_VIEWS)[number]

const OF_TERMS: readonly string[] = ['policy_terms', 'policy_clusters'] satisfies SharedView[]

/** `asked` grows by one with each answer. */
export function asker(session: WarehouseSession, window: Window) {
  const catalogue = loadCatalogue()
  const kept = new Map<string, string>()
  const asked: AskedStatement[] = []
  return {
    asked,
    /** @param statements those to come */
    async keep(view: SharedView, statements: readonly Statement[]): Promise<void> {
      const wanted = statements.flatMap(({ terms }) => (terms === undefined ? [] : [`(${terms})`]))
      const narrowed = OF_TERMS.includes(view) && { terms: wanted.join(' OR ') }
      const select = statementOf(
        { select: `SELECT * FROM ci_metrics.${view}`, ...narrowed },
        catalogue,
        window,
        kept,
      )
      kept.set(view, `SELECT * FROM ${await session.keep(`kept_${view}`, select)}`)
    },
    async ask(name: string, statement: Statement): Promise<Row[]> {
      const rows = await session.query(statementOf(statement, catalogue, window, kept))
      const whole = statementOf(statement, catalogue, window)
      asked.push({ name, sha256: createHash('sha256').update(whole).digest('hex'), rows: rows.length })
      return rows
    },
  }
}

const ANSWER = 'answer'

/** @param kept view → the SELECT that has its rows ready. */
export function statementOf(
  { select, terms }: Statement,
  catalogue: Catalogue,
  window: Window,
  kept: ReadonlyMap<string, string> = new Map(),
): string {
  const narrowed = (view: string) => [
    view,
    `SELECT * FROM (\n${kept.get(view) ?? selectOf(view, catalogue)}\n) AS terms WHERE ${terms}`,
  ]
  return composed(ANSWER, catalogue, {
    ...Object.fromEntries(kept),
    ...(terms !== undefined && Object.fromEntries(OF_TERMS.map(narrowed))),
    ...windowed(catalogue, window),
    [ANSWER]: select,
  })
}

/** Parts of a second do not count. */
function windowed(catalogue: Catalogue, { fromAt, toAt }: Window): Record<string, string> {
  const bounds = [
    ...(fromAt === undefined ? [] : [`TIMESTAMP_SECONDS(${Math.ceil(fromAt / 1000)}) AS from_at`]),
    ...(toAt === undefined ? [] : [`TIMESTAMP_SECONDS(${Math.ceil(toAt / 1000)}) AS to_at`]),
  ]
  if (bounds.length === 0) return {}
  const settings = selectOf('evaluation_settings', catalogue)
  return {
    evaluation_settings: `SELECT * REPLACE (${bounds.join(', ')}) FROM (\n${settings}\n) AS all_times`,
  }
}

function selectOf(view: string, { views }: Catalogue): string {
  const select = views.get(view)
  if (select === undefined) throw new RangeError(`there is no view ${view}`)
  return select.trim()
}
