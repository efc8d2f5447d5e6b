import { join } from 'node:path'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { warehouseContract } from './warehouse.ts'

warehouseContract({
  adapter: 'local',
  fresh(whenDone) {
    const file = join(temporaryFolder(whenDone), 'warehouse.duckdb')
    return { open: () => openDuckdb(file, loadCatalogue()) }
  },
  insertsAllOrNone: true,
  takesAnyDay: true,
})
