/** Which request does what. */
import { alreadyThere, invalid, refuseUnknown } from './answers.ts'
import type { Field } from './cells.ts'
import type { Engine } from './engine.ts'
import type { Jobs } from './jobs.ts'
import { resourceOf, type Store } from './store.ts'
import { faultsOf, rowsOf } from './stream-rows.ts'

type Json = Record<string, unknown>
type Handle = (parts: string[], body: Json, query: URLSearchParams) => Promise<object> | object
/** The first group of the pattern is the project. */
type ApiRoute = [method: string, path: RegExp, handle: Handle]

const at = (path: string) => new RegExp(`^/bigquery/v2/projects/([^/]+)${path.replaceAll('*', '([^/]+)')}$`)

const quoted = (text: unknown) => JSON.stringify(text)

export function resourceRoutes({
  store,
  engine,
  jobs,
  now,
}: {
  store: Store
  engine: Engine
  jobs: Jobs
  now: () => number
}): ApiRoute[] {
  const { projectId, location } = store
  const run = (sql: string) => engine.run({ sql, parameters: [] })
  const datasetOf = (datasetId: string) => {
    store.dataset(datasetId)
    return { kind: 'bigquery#dataset', datasetReference: { projectId, datasetId }, location }
  }
  const tableOf = (dataset: string, name: string) => resourceOf(store.table(dataset, name), store)

  return [
    ['POST', at('/jobs'), (_parts, body) => jobs.insert(body)],
    ['POST', at('/queries'), (_parts, body) => jobs.query(body)],
    ['GET', at('/queries/*'), ([id = ''], _body, query) => jobs.results(id, query)],
    ['GET', at('/jobs/*'), ([id = ''], _body, query) => jobs.get(id, query)],
    ['POST', at('/jobs/*/cancel'), ([id = ''], _body, query) => ({ job: jobs.get(id, query) })],
    ['GET', at('/datasets/*'), ([dataset = '']) => datasetOf(dataset)],
    [
      'POST',
      at('/datasets'),
      async (_parts, { datasetReference }) => {
        const { datasetId } = datasetReference as { datasetId: string }
        await run(`CREATE SCHEMA ${datasetId}`)
        return datasetOf(datasetId)
      },
    ],
    [
      'GET',
      at('/datasets/*/tables'),
      ([dataset = ''], _body, query) => {
        const all = [...store.dataset(dataset).keys()].sort()
        const start = Number(query.get('pageToken') ?? 0)
        const size = Number(query.get('maxResults') ?? 50)
        // A list has no schemas: of those each table is asked.
        const tables = all.slice(start, start + size).map((name) => {
          const { schema: _, ...resource } = tableOf(dataset, name) as Json
          return resource
        })
        const nextPageToken = start + size < all.length ? { nextPageToken: String(start + size) } : {}
        return { kind: 'bigquery#tableList', tables, totalItems: all.length, ...nextPageToken }
      },
    ],
    ['GET', at('/datasets/*/tables/*'), ([dataset = '', name = '']) => tableOf(dataset, name)],
    [
      'POST',
      at('/datasets/*/tables'),
      async ([dataset = ''], body) => {
        const { tableReference, schema, timePartitioning, clustering, description, view } = body as {
          tableReference: { tableId: string }
          schema?: { fields: Field[] }
          timePartitioning?: { field: string }
          clustering?: { fields: string[] }
          description?: string
          view?: { query: string }
        }
        const name = tableReference.tableId
        if (store.dataset(dataset).has(name)) throw alreadyThere(`Table ${projectId}:${dataset}.${name}`)
        const options = description === undefined ? '' : ` OPTIONS (description = ${quoted(description)})`
        if (view !== undefined) await run(`CREATE VIEW ${dataset}.${name}${options} AS ${view.query}`)
        else {
          const columns = (schema?.fields ?? []).map(
            (field) =>
              `${field.name} ${GOOGLESQL[field.type] ?? field.type}${field.mode === 'REQUIRED' ? ' NOT NULL' : ''}` +
              (field.description === undefined
                ? ''
                : ` OPTIONS (description = ${quoted(field.description)})`),
          )
          const partitions =
            timePartitioning === undefined ? '' : ` PARTITION BY DATE(${timePartitioning.field})`
          const clusters = clustering === undefined ? '' : ` CLUSTER BY ${clustering.fields.join(', ')}`
          await run(
            `CREATE TABLE ${dataset}.${name} (${columns.join(', ')})${partitions}${clusters}${options}`,
          )
        }
        return tableOf(dataset, name)
      },
    ],
    [
      'PATCH',
      at('/datasets/*/tables/*'),
      async ([dataset = '', name = ''], body) => {
        refuseUnknown(body, ['schema', 'description', 'tableReference'], 'the fake’s Table')
        const table = store.table(dataset, name)
        const fields = (body.schema as { fields: Field[] } | undefined)?.fields ?? table.fields
        const gone = table.fields.find((field) => !fields.some((other) => other.name === field.name))
        if (gone !== undefined)
          throw invalid(`Provided Schema does not match Table. Field ${gone.name} is missing in new schema`)
        for (const field of fields.slice(table.fields.length)) {
          if (field.mode === 'REQUIRED')
            throw invalid(
              `Provided Schema does not match Table. Cannot add required fields to an existing schema.`,
            )
          await run(
            `ALTER TABLE ${dataset}.${name} ADD COLUMN ${field.name} ${GOOGLESQL[field.type] ?? field.type}`,
          )
        }
        table.fields = fields
        if (typeof body.description === 'string') table.description = body.description
        return tableOf(dataset, name)
      },
    ],
    [
      'POST',
      at('/datasets/*/tables/*/insertAll'),
      async ([dataset = '', name = ''], body) => {
        const table = store.table(dataset, name)
        if (table.view !== undefined) throw invalid('Cannot add rows to a table of type VIEW.')
        const rows = rowsOf(body)
        const insertErrors = faultsOf(rows, table, now())
        if (insertErrors.length === 0) await engine.append(table, rows)
        return {
          kind: 'bigquery#tableDataInsertAllResponse',
          ...(insertErrors.length > 0 && { insertErrors }),
        }
      },
    ],
  ]
}

const GOOGLESQL: Record<string, string> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' }
