import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../shared/adapters/clock.ts'
import { openLocalState } from '../../shared/adapters/local/state.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { stateStoreContract } from './state-store.ts'

stateStoreContract({
  adapter: 'local',
  fresh() {
    const folder = temporaryFolder()
    const file = join(folder, 'bandit_state.json')
    return {
      open: () => openLocalState(folder, systemClock),
      content: () => readFile(file),
      backup: (name) => readFile(name),
      replace: (content) => writeFile(file, content),
    }
  },
  hasManyWriters: { cannot: 'one process owns the folder, by the lock on bus.db' },
  namesContents: true,
})
