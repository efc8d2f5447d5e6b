/** A fake BigQuery with what sql/ describes in it, for the running test. */
import { onTestFinished } from 'vitest'
import { planDeployment } from '../../functions/deploy-sql.ts'
import { openBigquery } from '../../shared/adapters/gcp/bigquery.ts'
import { openBigquerySchema } from '../../shared/adapters/gcp/bigquery-schema.ts'
import type { Log } from '../../shared/ports.ts'
import { describe, loadCatalogue } from '../../shared/runtime/sql.ts'
import { type FakeBigqueryOptions, startFakeBigquery } from './fake-bigquery/index.ts'
import type { WhenDone } from './temporary-folder.ts'

const silent = () => {}
export const quiet: Log = { debug: silent, info: silent, warning: silent, error: silent }

/** How the adapters reach a fake; no wait between the tries. */
export const accessTo = ({
  url,
  projectId,
  location,
}: {
  url: string
  projectId: string
  location: string
}) => ({
  projectId,
  location,
  apiEndpoint: url,
  log: quiet,
  wait: async () => {},
})

const catalogue = loadCatalogue()
const statements = planDeployment({ catalogue, describe }, null).map(({ ddl }) => ddl)

/** @param bare leaves everything to the test: not even the dataset is there. */
export async function playedBigquery(
  options: FakeBigqueryOptions & { bare?: boolean; whenDone?: WhenDone } = {},
) {
  const { bare = false, whenDone = onTestFinished, ...fakeOptions } = options
  const fake = await startFakeBigquery({ ...fakeOptions, ...(!bare && { statements }) })
  whenDone(() => fake.close())
  const access = accessTo(fake)
  const schema = openBigquerySchema(access)
  return { fake, access, catalogue, schema, warehouse: openBigquery({ ...access, catalogue }) }
}
