/** What is sent to BigQuery besides the views: the DDL of sql/, and the product's own questions and DELETEs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explainFor } from '../../functions/explain.ts'
import { askedTags } from '../../functions/fleet-lint.ts'
import { inspect } from '../../functions/inspect.ts'
import { listQuarantine } from '../../functions/quarantine.ts'
import { retain } from '../../functions/retain.ts'
import { TransientError } from '../../shared/errors.ts'
import { foldLog, loggedClaims, logTotals, newestReceivedAt } from '../../shared/runtime/event-log.ts'
import type { Deps } from '../../shared/runtime/handler.ts'
import { lookAtFleet } from '../../shared/runtime/look-at-fleet.ts'
import { decisionsOf, recommendationsOf } from '../../shared/runtime/pipeline-rows.ts'
import { describe as describeTable, loadCatalogue } from '../../shared/runtime/sql.ts'
import { addColumn, createDataset, createTable, createView, relaxColumn } from '../../shared/schema/ddl.ts'
import { decisionRow, eventRow, outcomeRow, quarantineRow } from '../contract/warehouse.harness.ts'
import { playedBigquery, quiet } from '../support/bigquery.ts'
import { fleetWith } from '../support/builders.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { TYPE_KIND } from './cells.ts'
import { type Reference, startReference } from './reference.ts'
import { whatIsMissing } from './server.ts'
import { describedColumns } from './views.ts'

const catalogue = loadCatalogue()
const columns = describedColumns(catalogue)
const missing = whatIsMissing()

let reference: Reference
beforeAll(async () => {
  if (missing === undefined) reference = await startReference()
})
afterAll(async () => {
  await reference?.stop()
})

const column = { name: 'mood', type: 'STRING', mode: 'NULLABLE', description: `"it's" \\ a\nmood` } as const

/** The reference is of 2023 and knows no descriptions of a view's columns, which BigQuery documents. */
const withoutColumnOptions = (ddl: string) => ddl.replaceAll(/^( {2}\w+) OPTIONS \(.*\)(,?)$/gm, '$1$2')

const DDL: [string, string][] = [
  ['create dataset', createDataset()],
  ...[...catalogue.tables].map(([name, table]): [string, string] => [
    `create ${name}`,
    createTable(name, table),
  ]),
  ...[...catalogue.views].map(([name, select]): [string, string] => [
    `create ${name}`,
    withoutColumnOptions(createView(name, describeTable(name), select)),
  ]),
  ['add a column', addColumn('resets', column)],
  ['let a column be NULL', relaxColumn('resets', 'state_generation')],
]

type Sent = {
  query: string
  queryParameters?: { name: string; parameterType: { type: keyof typeof TYPE_KIND } }[]
}

/** Rows of a recommendation and a job, so that all that is asked of a decision is asked. */
async function askWhy(warehouse: Deps['warehouse']): Promise<void> {
  const recommendation = {
    decision_id: 'd',
    decided_at: '2026-11-20T00:00:00.000Z',
    kind: 'arm',
    project: 'group/app',
    job_name: 'unit',
    job_key: '42/unit',
    policy: 'ucb1',
    policy_version: '1',
    choice_set_id: 'c',
    feasible_count: 0,
    project_id: 42,
    pipeline_id: 7,
  }
  await warehouse.insert('recommendations', [recommendation])
  await warehouse.insert('runner_decisions', [decisionRow(2)])
  const deps = { warehouse, fleet: fleetWith(), clock: fixedClock(Date.parse('2026-11-21T00:00:00Z')) }
  const since: [string, string] = ['since', '365d']
  await explainFor([['decision_id', 'd']], deps)
  await explainFor([['job_id', '2'], since], deps)
  await explainFor(Object.entries({ job_id: '2', project: 'group/app' }), deps).catch(() => {})
  await explainFor([['decision_id', 'gitlab.example.com/42/2/job.started']], deps).catch(() => {})
}

/** Every statement that the product's questions and its retention send. */
async function sentStatements(): Promise<Sent[]> {
  const { fake, warehouse } = await playedBigquery()
  const old = '2026-11-10T00:00:00.000Z'
  await warehouse.insert('runner_decisions', [decisionRow(1, { decided_at: old })])
  await warehouse.insert('job_outcomes', [outcomeRow(1, { finished_at: old })])
  await warehouse.insert('job_events', [eventRow(1, { occurred_at: old }), eventRow(2)])
  await warehouse.insert('quarantine', [quarantineRow('q', { received_at: old })])
  const clock = fixedClock(Date.parse('2026-11-21T00:00:00Z'))
  const bus = {
    depths: () => ({}),
    oldestWaitingAt: () => null,
    deadLetterCount: () => 0,
    forget: async () => 0,
  } as unknown as Deps['bus']
  const state = {
    read: () => Promise.reject(new TransientError('not now')),
    generation: async () => '0',
  }
  const settings = {
    instance: 'gitlab.example.com',
    retentionMs: 0,
    quarantineMs: 0,
    lateAfterMs: 0,
  } as Deps['settings']
  const before = fake.requests.length
  await foldLog(warehouse, 0)
  await logTotals(warehouse)
  await newestReceivedAt(warehouse)
  await loggedClaims(['a', 'b'], warehouse)
  await inspect({ clock, bus, state, warehouse })
  await listQuarantine({ limit: 5 }, { warehouse } as unknown as Deps)
  await askWhy(warehouse)
  const pipelines = { instance: 'gitlab.example.com', projectId: 42, pipelineIds: [7, 8], since: 0 }
  const patience = AbortSignal.abort()
  await decisionsOf(pipelines, warehouse, { awaited: [1], lookEveryMs: 1, patience })
  await recommendationsOf(pipelines, warehouse)
  await askedTags({ clock, warehouse })
  const noJobs = { pendingJobs: async () => [], runners: async () => [] }
  const gitlab = () => noJobs as unknown as ReturnType<Deps['gitlab']>
  const nobody = { runners: [], contactsAt: null, projects: [] }
  await lookAtFleet(new Map(), nobody, {
    ...{ clock, fleet: fleetWith(), gitlab, settings, warehouse },
    log: quiet,
    vms: {} as Deps['vms'],
  })
  await retain({ bus, clock, log: quiet, settings, warehouse })
  return fake.requests
    .slice(before)
    .filter(({ method, path }) => method === 'POST' && path.endsWith('/jobs'))
    .map(({ body }) => (body as { configuration: { query: Sent } }).configuration.query)
}

describe.skipIf(missing !== undefined)(
  `the GoogleSQL reference takes${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    test.each(DDL)('the DDL: %s', async (_what, ddl) => {
      await reference.analyseStatement(ddl, columns)
    })

    test('what the product asks and deletes', async () => {
      const sent = await sentStatements()
      expect(sent.filter(({ query }) => query.startsWith('DELETE')).length).toBeGreaterThanOrEqual(4)
      const ofExplain = /ORDER BY decided_late|routed_decision_id = @id|choice_set_id = @id/
      expect(sent.filter(({ query }) => ofExplain.test(query))).toHaveLength(5)
      const faults: string[] = []
      for (const { query, queryParameters = [] } of sent) {
        const kinds = queryParameters.map(({ name, parameterType: { type } }) => [name, TYPE_KIND[type]])
        await reference
          .analyseStatement(query, columns, Object.fromEntries(kinds))
          .catch((error: Error) => faults.push(`${error.message}: ${query}`))
      }
      expect(faults).toEqual([])
    })

    test('no nonsense', async () => {
      await expect(
        reference.analyseStatement('CREATE TABLE ci_metrics.x (a STRIN)', columns),
      ).rejects.toThrow('STRIN')
      const unknownColumn = 'DELETE FROM ci_metrics.resets WHERE mood = @a'
      await expect(reference.analyseStatement(unknownColumn, columns, { a: 'TYPE_STRING' })).rejects.toThrow(
        'mood',
      )
    })
  },
)
