/** What there is: datasets, tables and views with their descriptions. Rows are DuckDB's. */

import { notFound } from './answers.ts'
import type { Field } from './cells.ts'

export type Table = {
  dataset: string
  name: string
  fields: Field[]
  description?: string
  /** The column by whose day it is partitioned. */
  partitionBy?: string | undefined
  clusterBy?: string[] | undefined
  /** Of a view, its query. */
  view?: string
}

export type Store = {
  projectId: string
  location: string
  datasets: Map<string, Map<string, Table>>
  dataset(name: string): Map<string, Table>
  table(dataset: string, name: string): Table
}

export function openStore(projectId: string, location: string): Store {
  const datasets = new Map<string, Map<string, Table>>()
  function dataset(name: string): Map<string, Table> {
    const found = datasets.get(name)
    if (found === undefined)
      throw notFound(`Dataset ${projectId}:${name} was not found in location ${location}`)
    return found
  }
  return {
    projectId,
    location,
    datasets,
    dataset,
    table(datasetName, name) {
      const found = dataset(datasetName).get(name)
      if (found === undefined)
        throw notFound(`Table ${projectId}:${datasetName}.${name} was not found in location ${location}`)
      return found
    },
  }
}

/** The resource of the REST API. */
export function resourceOf(table: Table, { projectId, location }: Store): object {
  const { dataset, name, fields, description, partitionBy, clusterBy, view } = table
  return {
    kind: 'bigquery#table',
    id: `${projectId}:${dataset}.${name}`,
    tableReference: { projectId, datasetId: dataset, tableId: name },
    type: view === undefined ? 'TABLE' : 'VIEW',
    location,
    schema: { fields },
    ...(description !== undefined && { description }),
    ...(partitionBy !== undefined && { timePartitioning: { type: 'DAY', field: partitionBy } }),
    ...(clusterBy !== undefined && { clustering: { fields: clusterBy } }),
    ...(view !== undefined && { view: { query: view, useLegacySql: false } }),
  }
}
