/**
 * How long an evaluation takes: of all of it the CPU time a decision, and of each mart, over what it is made of, how many
 * times that of a plain GROUP BY over the same rows, which passes over them once.
 */
import { join } from 'node:path'
import { openDuckdb } from '../../../shared/adapters/local/duckdb.ts'
import type { WarehouseSession } from '../../../shared/ports.ts'
import { asker, SHARED_VIEWS, statementOf } from '../../../shared/runtime/ask-evaluation.ts'
import { questionsOn, type Statement } from '../../../shared/runtime/evaluation-questions.ts'
import { loadCatalogue } from '../../../shared/runtime/sql.ts'
import { grownLog } from '../grown-log.ts'
import { type Alone, alone, type Values } from '../measurement.ts'
import { cpuNs, interleave } from '../rounds.ts'

export const measure = alone(import.meta.filename)

const JOBS = 5000
const COPIES = 20
const WHOLE = { fromAt: undefined, toAt: undefined }
const ASKED = { policy: 'thompson', reward: 'spec', source: 'estimated', primaryReward: 'spec' }

const OF_TERMS = 'target, reward_name, source'
const OF_DECISIONS = 'action, job_key'

/** Mart → the rows that it passes over, and their plain aggregate. */
const MARTS: Record<string, { of: string; keys: string; sums: readonly string[] }> = {
  policy_value: sumsOf('policy_clusters', `${OF_TERMS}, period`, [
    'jobs',
    'ips',
    'model',
    'residual',
    'weight',
  ]),
  policy_comparison: sumsOf('policy_clusters', `${OF_TERMS}, period`, ['jobs', 'ips', 'model', 'residual']),
  support_check: sumsOf('policy_terms', OF_TERMS, ['weight', 'feasible', 'left_to_gitlab']),
  learning_curve: sumsOf('policy_terms', `${OF_TERMS}, day`, ['weight', 'reward', 'model_policy']),
  propensity_check: sumsOf('propensities', 'source', ['propensity', '1 / propensity']),
  reward_by_arm: sumsOf('evaluation_decisions', OF_DECISIONS, ['reward_spec', 'reward_speed', 'reward_cost']),
  drift: sumsOf('evaluation_decisions', OF_DECISIONS, ['reward_success', 'reward_time_to_result']),
}

function sumsOf(of: string, keys: string, sums: readonly string[]) {
  return { of, keys, sums }
}

export async function inside({ rounds, folder }: Alone): Promise<Values> {
  const path = await grownLog(join(folder, 'log'), JOBS, COPIES)
  const warehouse = await openDuckdb(path, loadCatalogue())
  const statements = Object.values(questionsOn(ASKED))
  const seconds = await interleave(rounds, {
    evaluate: () =>
      warehouse.session(async (session) => {
        const start = cpuNs()
        const { keep, ask } = asker(session, WHOLE)
        for (const view of SHARED_VIEWS) await keep(view, statements)
        for (const statement of statements) await ask('any', statement)
        return (cpuNs() - start) / (JOBS * COPIES * 1000)
      }),
  })
  const ratios = await warehouse.session((session) => ratiosOf(session, statements, rounds))
  await warehouse.close()
  return { 'evaluate, each of 100,000 decisions': seconds.evaluate, ...ratios }
}

/** Each mart over what an evaluation has kept for it: its CPU time by that of the plain aggregate. */
async function ratiosOf(
  session: WarehouseSession,
  statements: readonly Statement[],
  rounds: number,
): Promise<Values> {
  const kept = new Map<string, string>()
  const tables: WarehouseSession = {
    ...session,
    async keep(name, select) {
      const table = await session.keep(name, select)
      kept.set(name.replace('kept_', ''), `SELECT * FROM ${table}`)
      return table
    },
  }
  const { keep } = asker(tables, WHOLE)
  for (const view of SHARED_VIEWS) await keep(view, statements)
  const cpuOf = async (sql: string) => {
    const start = cpuNs()
    await session.query(sql)
    return cpuNs() - start
  }
  const values: Values = {}
  for (const [mart, { of, keys, sums }] of Object.entries(MARTS)) {
    const select = { select: `SELECT * FROM ci_metrics.${mart}` }
    const whole = statementOf(select, loadCatalogue(), WHOLE, kept)
    const cells = sums.map((sum, index) => `SUM(${sum}) AS sum_${index}`)
    const plain = `SELECT ${keys}, COUNT(*) AS n, ${cells.join(', ')} FROM (${kept.get(of)}) AS rows GROUP BY ${keys}`
    const cpu = await interleave(rounds, { mart: () => cpuOf(whole), plain: () => cpuOf(plain) })
    values[`${mart}, against a plain aggregate`] = cpu.mart.map(
      (ns, round) => ns / (cpu.plain[round] as number),
    )
  }
  return values
}
