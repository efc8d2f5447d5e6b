/**
 * deploy-sql: the tables and views of sql/ in the warehouse.
 *
 * Called by: the command of that name, in a deployment before the functions. Reads and writes: the dataset's schema.
 * Repetition: what is there stays; a crash leaves the rest for the next time. Nothing is ever removed.
 */
import { ConfigError, InvalidInputError } from '../shared/errors.ts'
import type { PresentTable, WarehouseSchema } from '../shared/ports.ts'
import { addColumn, createDataset, createTable, createView, relaxColumn } from '../shared/schema/ddl.ts'
import type { Catalogue, TableDescription } from '../shared/schema/table.ts'

/** What sql/ holds; `describe` tells the columns of a table or view. */
export type Described = { catalogue: Catalogue; describe(name: string): TableDescription }

export type DeployStep = {
  /** As in "create table job_events". */
  what: string
  ddl: string
  /** What it needs and other steps bring; without it, it cannot be checked. */
  waitsFor: readonly string[]
}

export type DeployReport = {
  dry_run: boolean
  steps: {
    what: string
    ddl: string
    /** Of a dry run: null when the step cannot be checked before others are done, else what is wrong, if anything. */
    check?: { ok: boolean; reason: string } | null
  }[]
}

/**
 * @throws ConfigError, before anything is changed, when a table is there that cannot become what is described;
 *   InvalidInputError when BigQuery refuses a step: those before it are done.
 */
export async function deploySql(
  { dryRun }: { dryRun: boolean },
  { schema, ...described }: Described & { schema: WarehouseSchema },
  progress: (what: string) => void = () => {},
): Promise<DeployReport> {
  const steps = planDeployment(described, await schema.present())
  const report: DeployReport = { dry_run: dryRun, steps: [] }
  for (const { what, ddl, waitsFor } of steps) {
    progress(what)
    if (dryRun) {
      report.steps.push({ what, ddl, check: waitsFor.length > 0 ? null : await checkOf(ddl, schema) })
    } else {
      await define(what, ddl, schema)
      report.steps.push({ what, ddl })
    }
  }
  return report
}

async function define(what: string, ddl: string, schema: WarehouseSchema): Promise<void> {
  try {
    await schema.define(ddl)
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    throw new InvalidInputError(`could not ${what}: ${error.message}`, { cause: error })
  }
}

async function checkOf(ddl: string, schema: WarehouseSchema): Promise<{ ok: boolean; reason: string }> {
  try {
    await schema.check(ddl)
    return { ok: true, reason: '' }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    return { ok: false, reason: error.message }
  }
}

/**
 * The steps from what is there (null: not even the dataset) to what is described, in an order in which they can be done.
 * Columns and tables that sql/ does not know are left alone: a newer version may have brought them.
 */
export function planDeployment(
  { catalogue, describe }: Described,
  present: readonly PresentTable[] | null,
): DeployStep[] {
  const there = new Map((present ?? []).map((table) => [table.name, table]))
  refuseOthers(catalogue, there)
  const steps: DeployStep[] = []
  /** What is not yet as it is described, and so nothing that uses it can be checked. */
  const pending = new Set<string>()
  if (present === null) {
    steps.push({ what: 'create dataset ci_metrics', ddl: createDataset(), waitsFor: [] })
    pending.add('ci_metrics')
  }
  const dataset = [...pending]
  for (const [name, table] of catalogue.tables) {
    const found = there.get(name)
    const own = found === undefined ? [] : changesOf(name, table, found)
    if (found === undefined)
      own.push({ what: `create table ${name}`, ddl: createTable(name, table), waitsFor: dataset })
    if (own.length > 0) pending.add(name)
    steps.push(...own)
  }
  for (const [name, select] of catalogue.views) {
    const view = describe(name)
    const found = there.get(name)
    const used = [...select.matchAll(/\bci_metrics\.([a-z_0-9]+)/g)].map(([, other = '']) => other)
    steps.push({
      what: `${found === undefined ? 'create' : 'replace'} view ${name}`,
      ddl: createView(name, view, select),
      waitsFor: [...dataset, ...new Set(used.filter((other) => pending.has(other)))],
    })
    if (found === undefined || namesOf(found) !== namesOf(view)) pending.add(name)
  }
  return steps
}

function changesOf(name: string, { columns }: TableDescription, found: PresentTable): DeployStep[] {
  const foundMode = new Map(found.columns.map((column) => [column.name, column.mode]))
  return columns.flatMap((column) => {
    const mode = foundMode.get(column.name)
    if (mode === undefined)
      return [{ what: `add column ${name}.${column.name}`, ddl: addColumn(name, column), waitsFor: [] }]
    if (mode === 'REQUIRED' && column.mode === 'NULLABLE')
      return [
        { what: `let ${name}.${column.name} be NULL`, ddl: relaxColumn(name, column.name), waitsFor: [] },
      ]
    return []
  })
}

/** BigQuery changes neither a column's type nor the partitions of a table that is there. */
function refuseOthers({ tables, views }: Catalogue, there: ReadonlyMap<string, PresentTable>): void {
  const faults = [...tables].flatMap(([name, table]) => {
    const found = there.get(name)
    if (found === undefined) return []
    if (found.isView) return [`${name} is a view, and should be a table`]
    const partitions =
      found.partitionBy === (table.partition_by ?? null)
        ? []
        : [
            `${name} is partitioned by ${found.partitionBy ?? 'nothing'}, not by ${table.partition_by ?? 'nothing'}`,
          ]
    return [...partitions, ...faultsOfColumns(name, table, found)]
  })
  for (const name of views.keys()) {
    if (there.get(name)?.isView === false) faults.push(`${name} is a table, and should be a view`)
  }
  if (faults.length === 0) return
  throw new ConfigError(
    'What is in the dataset ci_metrics cannot become what sql/ describes. Nothing was changed. Rename these, and run this again:',
    faults,
  )
}

function faultsOfColumns(name: string, { columns }: TableDescription, found: PresentTable): string[] {
  const foundType = new Map(found.columns.map((column) => [column.name, column.type]))
  return columns.flatMap((column) => {
    const type = foundType.get(column.name)
    if (type === undefined && column.mode === 'REQUIRED')
      return [`${name} lacks ${column.name}, which has a value in every row`]
    return type === undefined || type === column.type
      ? []
      : [`${name}.${column.name} is ${type}, not ${column.type}`]
  })
}

const namesOf = ({ columns }: { columns: readonly { name: string }[] }) =>
  columns.map(({ name }) => name).join()
