/** `sql/ci_metrics/<name>.yaml`: what a table or view holds, column by column. */
import { parse } from 'yaml'
import * as z from 'zod'

const columnType = z.enum(['STRING', 'INT64', 'FLOAT64', 'BOOL', 'TIMESTAMP'])
export type ColumnType = z.output<typeof columnType>

const tableFile = z.strictObject({
  description: z.string(),
  /** What one row stands for. */
  grain: z.string(),
  /** TIMESTAMP column by whose day the table is partitioned; views have none. */
  partition_by: z.string().optional(),
  cluster_by: z.array(z.string()).optional(),
  columns: z.array(
    z.strictObject({
      name: z.string().regex(/^[a-z][a-z0-9_]*$/),
      type: columnType,
      mode: z.enum(['REQUIRED', 'NULLABLE']),
      description: z.string(),
    }),
  ),
})

export type TableDescription = z.output<typeof tableFile>

export function parseTable(text: string): TableDescription {
  return tableFile.parse(parse(text))
}

/** What sql/ holds: tables by name, views in an order in which they can be created, the engine's macros. */
export type Catalogue = {
  tables: ReadonlyMap<string, TableDescription>
  views: ReadonlyMap<string, string>
  macros: string
}
