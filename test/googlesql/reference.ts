/** Analyses and executes SELECTs on the reference, with the options that are BigQuery's. */
import { createRequire } from 'node:module'
import type { Cell } from './cells.ts'
import { PROTOS, startServer } from './server.ts'

/** What the reference says of a column; a type it was never asked for keeps the reference's name. */
export type ReferenceColumn = { name: string; type: { typeKind: string } }
export type Relation = { columns: readonly ReferenceColumn[]; rows: readonly { cell: readonly Cell[] }[] }

export type Reference = {
  address: string
  /** The columns that the SELECT has, over tables named ci_metrics.<name>. @throws Error that says what is wrong. */
  analyse(
    select: string,
    tables: ReadonlyMap<string, readonly ReferenceColumn[]>,
  ): Promise<readonly ReferenceColumn[]>
  /**
   * Takes any statement, DDL and DML as well; `parameters` are names and kinds of type.
   * @throws Error that says what is wrong.
   */
  analyseStatement(
    sql: string,
    tables: ReadonlyMap<string, readonly ReferenceColumn[]>,
    parameters?: Readonly<Record<string, string>>,
  ): Promise<void>
  /** The columns and rows that the SELECT has. @throws Error that says what is wrong. */
  execute(select: string, tables: ReadonlyMap<string, Relation>): Promise<Relation>
  stop(): Promise<void>
}

const DATASET = 'ci_metrics'
const START_MS = 30_000

// The few parts of gRPC that are used; its own types are there only when it is installed.
type Client = {
  waitForReady(deadlineMs: number, done: (error?: Error) => void): void
  close(): void
} & Record<string, (request: object, done: (error: Error | null, answer: unknown) => void) => void>
type Grpc = {
  loadPackageDefinition(definition: object): {
    zetasql: { local_service: { ZetaSqlLocalService: new (address: string, credentials: object) => Client } }
  }
  credentials: { createInsecure(): object }
}
type ProtoLoader = { loadSync(file: string, options: object): object }

/** @throws Error with what the program printed, when it does not answer in time. */
export async function startReference(): Promise<Reference> {
  const server = await startServer()
  const client = connect(server.address)
  const ready = await new Promise((resolve) => client.waitForReady(Date.now() + START_MS, resolve))
  if (ready instanceof Error) {
    client.close()
    await server.stop()
    throw new Error(`The GoogleSQL reference did not start: ${server.printed()}`, { cause: ready })
  }

  const ask = <T>(method: string, request: object) =>
    new Promise<T>((resolve, reject) =>
      client[method]?.(request, (error, answer) => (error === null ? resolve(answer as T) : reject(error))),
    )

  const languageOptions = {
    ...(await ask<object>('GetLanguageOptions', { maximumFeatures: true })),
    productMode: 'PRODUCT_EXTERNAL',
    // None named: all are taken.
    supportedStatementKinds: [],
    reservedKeywords: ['QUALIFY'],
  }
  const request = (sql: string, catalog: object) => ({
    sql,
    // The reference's own default is Los Angeles.
    options: { languageOptions, defaultTimezone: 'UTC' },
    descriptorPoolList: { definitions: [{ builtin: {} }] },
    simpleCatalog: { builtinFunctionOptions: { languageOptions }, ...catalog },
  })

  return {
    address: server.address,
    async analyse(select, tables) {
      const table = [...tables].map(([name, column]) => ({ name, column }))
      const catalog = { catalog: [{ name: DATASET, table }] }
      const { prepared } = await ask<{ prepared: { columns: ReferenceColumn[] } }>(
        'PrepareQuery',
        request(select, catalog),
      )
      return prepared.columns
    },
    async analyseStatement(sql, tables, parameters = {}) {
      const table = [...tables].map(([name, column]) => ({ name, column }))
      const { sql: _, options, ...rest } = request(sql, { catalog: [{ name: DATASET, table }] })
      const queryParameters = Object.entries(parameters).map(([name, typeKind]) => ({
        name,
        type: { typeKind },
      }))
      await ask('Analyze', { ...rest, options: { ...options, queryParameters }, sqlStatement: sql })
    },
    async execute(select, tables) {
      const named = [...tables].map(([name, relation]) => [`${DATASET}.${name}`, relation] as const)
      const table = named.map(([name, { columns }]) => ({ name, column: columns }))
      const tableContent = Object.fromEntries(
        named.map(([name, { rows }]) => [name, { tableData: { row: rows } }]),
      )
      const { prepared, content } = await ask<{
        prepared: { columns: ReferenceColumn[] }
        content: { tableData?: { row?: { cell: Cell[] }[] } }
      }>('EvaluateQuery', { ...request(inOnePart(select), { table }), tableContent })
      return { columns: prepared.columns, rows: content.tableData?.row ?? [] }
    },
    async stop() {
      client.close()
      await server.stop()
    },
  }
}

/**
 * Only tables of the outermost catalogue can be given content, so `ci_metrics.x` becomes one quoted name, under the alias
 * that it has had. The text as it is in the file is what `analyse` sees.
 */
function inOnePart(select: string): string {
  return select.replaceAll(
    /\bci_metrics\.([a-z_0-9]+)(?:\s+AS\s+(\w+))?/g,
    (_name, table, alias) => `\`${DATASET}.${table}\` AS ${alias ?? table}`,
  )
}

function connect(address: string): Client {
  const require = createRequire(import.meta.url)
  const grpc = require('@grpc/grpc-js') as Grpc
  const loader = require('@grpc/proto-loader') as ProtoLoader
  const definition = loader.loadSync('local_service.proto', {
    includeDirs: [PROTOS],
    longs: String,
    enums: String,
  })
  const { ZetaSqlLocalService } = grpc.loadPackageDefinition(definition).zetasql.local_service
  return new ZetaSqlLocalService(address, grpc.credentials.createInsecure())
}
