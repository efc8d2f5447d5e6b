/** What DDL does: the store and DuckDB's tables change together. */
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import { alreadyThere, invalidQuery } from './answers.ts'
import { type Column, columnsOf, fieldOf } from './cells.ts'
import type { Ddl } from './ddl.ts'
import { bridge } from './sql.ts'
import type { Store } from './store.ts'
import type { Views } from './views.ts'

const DUCKDB_TYPES: Record<string, string> = {
  STRING: 'VARCHAR',
  INTEGER: 'BIGINT',
  FLOAT: 'DOUBLE',
  BOOLEAN: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMPTZ',
}

export type Checked = {
  /** `<dataset>.<table>` of what a SELECT reads. */
  referenced: string[]
  prepared: DuckDBPreparedStatement
}

type Place = {
  store: Store
  connection: DuckDBConnection
  views: Views
  /** Of a statement as DuckDB writes it. @throws when it is not good */
  checked(bridged: string): Promise<Checked>
}

/** By a SELECT and the fields of what it reads: the same views are made again and again. */
const columnsKnown = new Map<string, Column[]>()

async function columnsOnce(select: string, { store, checked }: Place): Promise<Column[]> {
  const read = [...select.matchAll(/(\w+)\.(\w+)/g)].map(([, dataset = '', name = '']) =>
    store.datasets.get(dataset)?.get(name),
  )
  const key = JSON.stringify([select, read.map((table) => table?.fields)])
  const columns = columnsKnown.get(key) ?? columnsOf((await checked(select)).prepared)
  columnsKnown.set(key, columns)
  return columns
}

/** @param dryRun checks, and changes nothing. */
export async function define(ddl: Ddl, dryRun: boolean, place: Place): Promise<void> {
  const { store, connection, views } = place
  switch (ddl.statementType) {
    case 'CREATE_SCHEMA': {
      if (store.datasets.has(ddl.dataset) && !ddl.ifNotExists) throw alreadyThere(`Dataset ${ddl.dataset}`)
      if (dryRun || store.datasets.has(ddl.dataset)) return
      await connection.run(`CREATE SCHEMA ${ddl.dataset}`)
      store.datasets.set(ddl.dataset, new Map())
      return
    }
    case 'CREATE_TABLE': {
      const { table } = ddl
      const tables = store.dataset(table.dataset)
      if (tables.has(table.name) && !ddl.ifNotExists) throw alreadyThere(`Table ${table.name}`)
      if (dryRun || tables.has(table.name)) return
      const columns = table.fields.map(
        (field) =>
          `"${field.name}" ${DUCKDB_TYPES[field.type]}${field.mode === 'REQUIRED' ? ' NOT NULL' : ''}`,
      )
      await connection.run(`CREATE TABLE ${table.dataset}.${table.name} (${columns.join(', ')})`)
      tables.set(table.name, table)
      return
    }
    case 'CREATE_VIEW': {
      const { table } = ddl
      const tables = store.dataset(table.dataset)
      const found = tables.get(table.name)
      if (found !== undefined && (!ddl.orReplace || found.view === undefined))
        throw alreadyThere(`Table ${table.name}`)
      const select = bridge(ddl.select)
      const columns = await columnsOnce(select, place)
      const fields = columns.map(fieldOf)
      if (table.fields.length > 0 && table.fields.length !== fields.length)
        throw invalidQuery(
          `CREATE VIEW has columns with explicit names: ${table.fields.length}, and the query ${fields.length}`,
        )
      const renamed = table.fields.find(({ name }, index) => name !== fields[index]?.name)
      if (renamed !== undefined)
        throw invalidQuery(`The fake has no view whose column ${renamed.name} has another name in its query.`)
      if (dryRun) return
      await views.define(table, select, columns)
      const named = fields.map((field, index) => ({ ...field, ...table.fields[index], type: field.type }))
      tables.set(table.name, { ...table, fields: named })
      return
    }
    case 'ALTER_TABLE': {
      const table = store.table(ddl.dataset, ddl.name)
      const path = `${ddl.dataset}.${ddl.name}`
      if (table.view !== undefined) throw invalidQuery(`ALTER TABLE cannot be used on the view ${path}`)
      if (ddl.add !== undefined) {
        const { ifNotExists, ...field } = ddl.add
        const isThere = table.fields.some(({ name }) => name === field.name)
        if (isThere && !ifNotExists) throw invalidQuery(`Column already exists: ${field.name}`)
        if (dryRun || isThere) return
        await connection.run(`ALTER TABLE ${path} ADD COLUMN "${field.name}" ${DUCKDB_TYPES[field.type]}`)
        table.fields.push(field)
        return
      }
      const field = table.fields.find(({ name }) => name === ddl.dropNotNull)
      if (field === undefined) throw invalidQuery(`Column not found: ${ddl.dropNotNull}`)
      if (dryRun) return
      await connection.run(`ALTER TABLE ${path} ALTER COLUMN "${field.name}" DROP NOT NULL`)
      field.mode = 'NULLABLE'
    }
  }
}
