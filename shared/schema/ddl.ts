/** GoogleSQL that makes what sql/ describes. */
import type { TableDescription } from './table.ts'

type Column = TableDescription['columns'][number]

const DATASET = 'ci_metrics'

export const createDataset = () => `CREATE SCHEMA IF NOT EXISTS ${DATASET}`

/** Partitioned by day and clustered, as the description says. */
export function createTable(name: string, table: TableDescription): string {
  const { columns, partition_by: partitionBy, cluster_by: clusterBy } = table
  return [
    `CREATE TABLE IF NOT EXISTS ${DATASET}.${name} (`,
    columns.map((column) => `  ${definitionOf(column)}`).join(',\n'),
    ')',
    ...(partitionBy === undefined ? [] : [`PARTITION BY DATE(${partitionBy})`]),
    ...(clusterBy === undefined ? [] : [`CLUSTER BY ${clusterBy.join(', ')}`]),
    optionsOf(describing(table)),
  ].join('\n')
}

export const addColumn = (table: string, column: Column) =>
  `ALTER TABLE ${DATASET}.${table} ADD COLUMN IF NOT EXISTS ${definitionOf({ ...column, mode: 'NULLABLE' })}`

/** A column that may be NULL from now on. */
export const relaxColumn = (table: string, column: string) =>
  `ALTER TABLE ${DATASET}.${table} ALTER COLUMN ${column} DROP NOT NULL`

/** The SELECT as its file has it; names and order of its columns are those that are described. */
export function createView(name: string, view: TableDescription, select: string): string {
  const columns = view.columns.map((column) => `  ${column.name} ${optionsOf(column.description)}`)
  return [
    `CREATE OR REPLACE VIEW ${DATASET}.${name} (`,
    columns.join(',\n'),
    ')',
    optionsOf(describing(view)),
    'AS',
    select.trim(),
  ].join('\n')
}

const definitionOf = ({ name, type, mode, description }: Column) =>
  `${name} ${type}${mode === 'REQUIRED' ? ' NOT NULL' : ''} ${optionsOf(description)}`

const describing = ({ description, grain }: TableDescription) => `${description} Grain: ${grain}.`

/** A text of JSON is one of GoogleSQL, too: the escapes of the one are among those of the other. */
const optionsOf = (description: string) => `OPTIONS (description = ${JSON.stringify(description)})`
