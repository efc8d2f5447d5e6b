import { onTestFinished } from 'vitest'
import { openBigquery } from '../../shared/adapters/gcp/bigquery.ts'
import { playedBigquery } from '../support/bigquery.ts'
import { warehouseContract } from './warehouse.ts'

warehouseContract({
  adapter: 'gcp',
  fresh(whenDone = onTestFinished) {
    let played: ReturnType<typeof playedBigquery> | undefined
    whenDone(async () => {
      await (await played)?.fake.close()
    })
    return {
      async open() {
        played ??= playedBigquery({ whenDone: () => {} })
        const { access, catalogue } = await played
        return openBigquery({ ...access, catalogue })
      },
    }
  },
  insertsAllOrNone: true,
  takesAnyDay: { cannot: 'BigQuery streams only into days from ten years ago to one year ahead' },
})
