import { join } from 'node:path'
import { systemClock } from '../../shared/adapters/clock.ts'
import { openLocalBus } from '../../shared/adapters/local/bus.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { eventBusContract } from './event-bus.ts'

eventBusContract({
  adapter: 'local',
  async fresh() {
    const file = join(temporaryFolder(), 'bus.db')
    return {
      open: ({ maxQueued = 100_000 } = {}) => openLocalBus(file, { clock: systemClock, maxQueued }),
    }
  },
  remembersKeys: true,
  isBounded: true,
  tellsDepths: true,
  waitsForHandlers: true,
  handsOverBatches: true,
  backsOff: true,
  handlesOnce: true,
  sparesOutages: true,
  knowsItsReaders: true,
})
