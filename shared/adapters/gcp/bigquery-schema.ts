/** What there is of tables and views in BigQuery, and statements that change it. */
import { InvalidInputError } from '../../errors.ts'
import type { PresentTable, WarehouseSchema } from '../../ports.ts'
import { type BigqueryAccess, DATASET, lazyClient, retrying } from './bigquery-client.ts'
import { isAboutTheSql, isMissing, messageOf } from './bigquery-errors.ts'
import { openJobs } from './bigquery-jobs.ts'

/** The REST API's name of a type → GoogleSQL's; others are the same in both. */
const TYPES: Readonly<Record<string, string>> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' }

type TableResource = {
  type?: string
  schema?: { fields?: { name?: string; type?: string; mode?: string }[] }
  timePartitioning?: { type?: string; field?: string }
}

export function openBigquerySchema(access: BigqueryAccess): WarehouseSchema {
  const client = lazyClient(access)
  const jobs = openJobs(client, access)

  return {
    present: () =>
      retrying(`look at the dataset ${DATASET}`, access, async () => {
        const dataset = (await client()).dataset(DATASET)
        try {
          const [tables] = await dataset.getTables()
          return await Promise.all(
            tables.map(async (table) => {
              const [metadata] = await table.getMetadata()
              return presentTable(table.id ?? '', metadata as TableResource)
            }),
          )
        } catch (error) {
          if (isMissing(error)) return null
          throw error
        }
      }),
    async define(ddl) {
      await refusedWithReason(() => jobs.run({ sql: ddl }, 'change the dataset'))
    },
    async check(ddl) {
      await refusedWithReason(() => retrying('look at a statement', access, () => jobs.dryRun(ddl)))
    },
  }
}

/** @throws InvalidInputError with the engine's reason, when it does not take the statement. */
async function refusedWithReason(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const cause = (error as Error).cause ?? error
    if (!isAboutTheSql(cause)) throw error
    throw new InvalidInputError(messageOf(cause), { cause })
  }
}

function presentTable(name: string, { type, schema, timePartitioning }: TableResource): PresentTable {
  return {
    name,
    isView: type === 'VIEW',
    columns: (schema?.fields ?? []).map((field) => ({
      name: field.name ?? '',
      type: TYPES[field.type ?? ''] ?? field.type ?? '',
      mode: field.mode ?? 'NULLABLE',
    })),
    partitionBy: timePartitioning?.type === 'DAY' ? (timePartitioning.field ?? null) : null,
  }
}
