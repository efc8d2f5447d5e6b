/** The deployment of sql/ to BigQuery: what is planned, and what is there afterwards. */
import { describe, expect, test } from 'vitest'
import { type DeployReport, deploySql, planDeployment } from '../../functions/deploy-sql.ts'
import { ConfigError, InvalidInputError } from '../../shared/errors.ts'
import type { PresentTable } from '../../shared/ports.ts'
import { describe as describeTable, loadCatalogue } from '../../shared/runtime/sql.ts'
import type { Catalogue, TableDescription } from '../../shared/schema/table.ts'
import { quarantineRow } from '../contract/warehouse.harness.ts'
import { playedBigquery } from '../support/bigquery.ts'

const catalogue = loadCatalogue()
const described = { catalogue, describe: describeTable }
const TABLES = [...catalogue.tables.keys()]
const VIEWS = [...catalogue.views.keys()]

const whats = (steps: readonly { what: string }[]) => steps.map(({ what }) => what)

/** What is there when everything was deployed. */
const complete = (): PresentTable[] => [
  ...[...catalogue.tables].map(([name, table]) => presentTable(name, table)),
  ...VIEWS.map((name) => ({ ...presentTable(name, describeTable(name)), isView: true })),
]
const presentTable = (name: string, { columns, partition_by }: TableDescription): PresentTable => ({
  name,
  isView: false,
  columns,
  partitionBy: partition_by ?? null,
})
const changed = (name: string, change: (table: PresentTable) => Partial<PresentTable>): PresentTable[] =>
  complete().map((table) => (table.name === name ? { ...table, ...change(table) } : table))

type ResourceField = { name: string; type: string; mode: string; description: string }

describe('a first deployment', () => {
  test('makes the dataset, every table and every view, each view after what it uses', async () => {
    const { schema } = await playedBigquery({ bare: true })
    const report = await deploySql({ dryRun: false }, { schema, ...described })
    const steps = whats(report.steps)
    expect(steps[0]).toBe('create dataset ci_metrics')
    expect(steps.slice(1, TABLES.length + 1)).toEqual(TABLES.map((name) => `create table ${name}`))
    expect(steps.slice(TABLES.length + 1).sort()).toEqual(VIEWS.map((name) => `create view ${name}`).sort())
    const tooEarly = VIEWS.flatMap((name) =>
      VIEWS.filter((used) => catalogue.views.get(name)?.match(new RegExp(`ci_metrics\\.${used}\\b`)))
        .filter((used) => steps.indexOf(`create view ${used}`) > steps.indexOf(`create view ${name}`))
        .map((used) => `${name} before ${used}`),
    )
    expect(tooEarly).toEqual([])
  })

  test('leaves it to BigQuery to find the views that a view reads', async () => {
    const { fake, schema } = await playedBigquery({ bare: true })
    await deploySql({ dryRun: false }, { schema, ...described })
    const view = 'policy_agreement'
    const answer = await fetch(
      `${fake.url}/bigquery/v2/projects/${fake.projectId}/datasets/ci_metrics/tables/${view}`,
    )
    const { query } = ((await answer.json()) as { view: { query: string } }).view
    expect(catalogue.views.get(view)?.trim().endsWith(query.trim())).toBe(true)
    expect(query).toContain('FROM ci_metrics.decision_outcomes')
  })

  test('says of every table and column what sql/ says of it, with partitions by day and clusters', async () => {
    const { fake } = await playedBigquery()
    for (const name of [...TABLES, ...VIEWS]) {
      const { columns, partition_by, cluster_by, description } = describeTable(name)
      const answer = await fetch(
        `${fake.url}/bigquery/v2/projects/${fake.projectId}/datasets/ci_metrics/tables/${name}`,
      )
      const table = (await answer.json()) as Record<string, unknown> & { schema: { fields: ResourceField[] } }
      expect(table.schema.fields.map((field) => [field.name, field.description])).toEqual(
        columns.map((column) => [column.name, column.description]),
      )
      expect(table.description).toContain(description)
      if (VIEWS.includes(name)) continue
      expect(table.timePartitioning).toEqual({ type: 'DAY', field: partition_by })
      expect(table.clustering).toEqual(cluster_by && { fields: cluster_by })
      expect(table.schema.fields.map(({ mode }) => mode)).toEqual(columns.map(({ mode }) => mode))
    }
  })
})

test('a deployment again only replaces the views, and keeps the rows', async () => {
  const { schema, warehouse } = await playedBigquery()
  await warehouse.insert('quarantine', [quarantineRow('q')])
  const report = await deploySql({ dryRun: false }, { schema, ...described })
  expect(whats(report.steps).sort()).toEqual(VIEWS.map((name) => `replace view ${name}`).sort())
  expect(await warehouse.query('SELECT quarantine_id AS id FROM ci_metrics.quarantine')).toEqual([
    { id: 'q' },
  ])
})

test('a view that BigQuery does not take is named, with the reason', async () => {
  const { schema } = await playedBigquery()
  const views = new Map([['job_event_log', 'SELECT nothing_like_it FROM ci_metrics.job_events']])
  const broken = { describe: describeTable, catalogue: { ...catalogue, views } }
  const refusal = await deploySql({ dryRun: false }, { schema, ...broken }).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(InvalidInputError)
  expect((refusal as Error).message).toMatch(/^could not replace view job_event_log: .*nothing_like_it/)
})

test('a column that is new comes last, may be NULL, and is there before the views that use it', async () => {
  const lacking = new Map(catalogue.tables)
  const outcomes = describeTable('job_outcomes')
  lacking.set('job_outcomes', {
    ...outcomes,
    columns: outcomes.columns.filter(({ name }) => name !== 'cost_eur'),
  })
  const { schema, warehouse } = await playedBigquery({ bare: true })
  await deploySql(
    { dryRun: false },
    { schema, describe: describeTable, catalogue: { ...catalogue, tables: lacking, views: new Map() } },
  )
  const report = await deploySql({ dryRun: false }, { schema, ...described })
  expect(whats(report.steps)[0]).toBe('add column job_outcomes.cost_eur')
  expect(whats(report.steps)).toContain('create view decision_outcomes')
  expect(await warehouse.select('SELECT cost_eur FROM ci_metrics.decision_outcomes')).toEqual([])
  const present = await schema.present()
  expect(present?.find(({ name }) => name === 'job_outcomes')?.columns.at(-1)).toEqual({
    name: 'cost_eur',
    type: 'FLOAT64',
    mode: 'NULLABLE',
  })
})

test('a column that may be NULL now loses its NOT NULL', async () => {
  const columns = (table: PresentTable) => ({
    columns: table.columns.map((column) =>
      column.name === 'payload' ? { ...column, mode: 'REQUIRED' } : column,
    ),
  })
  const relaxed: Catalogue = {
    ...catalogue,
    tables: new Map([
      [
        'quarantine',
        {
          ...describeTable('quarantine'),
          columns: describeTable('quarantine').columns.map((column) =>
            column.name === 'payload' ? { ...column, mode: 'NULLABLE' as const } : column,
          ),
        },
      ],
    ]),
    views: new Map(),
  }
  const steps = planDeployment(
    { catalogue: relaxed, describe: describeTable },
    changed('quarantine', columns),
  )
  expect(whats(steps)).toEqual(['let quarantine.payload be NULL'])
  const { schema } = await playedBigquery()
  await schema.define(steps[0]?.ddl ?? '')
  const quarantine = (await schema.present())?.find(({ name }) => name === 'quarantine')
  expect(quarantine?.columns.find(({ name }) => name === 'payload')?.mode).toBe('NULLABLE')
})

test('columns and tables of a newer version are left alone', () => {
  const newer = changed('resets', ({ columns }) => ({
    columns: [...columns, { name: 'mood', type: 'JSON', mode: 'NULLABLE' }],
  }))
  const steps = planDeployment(described, [...newer, { ...presentTable('moods', describeTable('resets')) }])
  expect(whats(steps).filter((what) => !what.startsWith('replace view'))).toEqual([])
})

describe('what cannot become what is described is refused before anything is changed', () => {
  test.each<[string, PresentTable[], string]>([
    [
      'a column of another type',
      changed('resets', ({ columns }) => ({
        columns: columns.map((column) => ({ ...column, type: 'STRING' })),
      })),
      'resets.reset_at is STRING, not TIMESTAMP',
    ],
    [
      'a table that lacks a required column',
      changed('resets', ({ columns }) => ({ columns: columns.slice(1) })),
      'resets lacks reset_id',
    ],
    [
      'other partitions',
      changed('resets', () => ({ partitionBy: null })),
      'resets is partitioned by nothing, not by reset_at',
    ],
    ['a view for a table', changed('resets', () => ({ isView: true })), 'resets is a view'],
    [
      'a table for a view',
      changed('arm_performance', () => ({ isView: false })),
      'arm_performance is a table',
    ],
  ])('%s', (_what, present, fault) => {
    let refusal: unknown
    try {
      planDeployment(described, present)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toBeInstanceOf(ConfigError)
    expect((refusal as ConfigError).faults.join('\n')).toContain(fault)
  })
})

describe('a dry run', () => {
  const checks = ({ steps }: DeployReport) => new Map(steps.map(({ what, check }) => [what, check]))

  test('changes nothing where nothing is, and checks what it can', async () => {
    const { fake, schema } = await playedBigquery({ bare: true })
    const report = await deploySql({ dryRun: true }, { schema, ...described })
    expect(await schema.present()).toBeNull()
    expect(whats(report.steps)).toHaveLength(1 + TABLES.length + VIEWS.length)
    expect(checks(report).get('create dataset ci_metrics')).toEqual({ ok: true, reason: '' })
    expect(checks(report).get('create table resets')).toBeNull()
    const changing = fake.requests.filter(
      ({ path, body }) =>
        path.endsWith('/jobs') && !(body as { configuration: { dryRun?: boolean } }).configuration.dryRun,
    )
    expect(changing).toEqual([])
  })

  test('tells of a view that BigQuery does not take, with the reason', async () => {
    const { schema } = await playedBigquery()
    const views = new Map(catalogue.views)
    views.set('job_event_log', 'SELECT nothing_like_it FROM ci_metrics.job_events')
    const report = await deploySql(
      { dryRun: true },
      { schema, describe: describeTable, catalogue: { ...catalogue, views } },
    )
    const { ok, reason } = checks(report).get('replace view job_event_log') ?? {}
    expect(ok).toBe(false)
    expect(reason).toContain('nothing_like_it')
    expect(checks(report).get('replace view arm_performance')).toEqual({ ok: true, reason: '' })
  })

  test('leaves a view that needs what is not yet there for the deployment to check', () => {
    const without = complete().filter(({ name }) => name !== 'job_outcomes')
    const steps = planDeployment(described, without)
    const waiting = new Map(steps.map(({ what, waitsFor }) => [what, waitsFor]))
    expect(waiting.get('replace view decision_outcomes')).toEqual(['job_outcomes'])
    expect(waiting.get('replace view job_event_log')).toEqual([])
    const other = changed('decision_outcomes', ({ columns }) => ({ columns: columns.slice(1) }))
    const after = new Map(planDeployment(described, other).map(({ what, waitsFor }) => [what, waitsFor]))
    expect(after.get('replace view arm_performance')).toEqual(['decision_outcomes'])
  })
})

test.each([...TABLES, ...VIEWS])('BigQuery takes descriptions as long as those of %s', (name) => {
  const { columns, description, grain } = describeTable(name)
  expect(Math.max(...columns.map((column) => column.description.length))).toBeLessThanOrEqual(1024)
  expect(`${description} ${grain}`.length).toBeLessThanOrEqual(16_000)
})

test.each(TABLES)(
  '%s is partitioned by the day of a required instant, and clustered by columns it has',
  (name) => {
    const { columns, partition_by, cluster_by = [] } = describeTable(name)
    expect(columns.find((column) => column.name === partition_by)).toMatchObject({
      type: 'TIMESTAMP',
      mode: 'REQUIRED',
    })
    expect(columns.map((column) => column.name)).toEqual(expect.arrayContaining(cluster_by))
    expect(cluster_by.length).toBeLessThanOrEqual(4)
  },
)
