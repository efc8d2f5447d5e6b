/** Whether a recommendation waits for anything outside of the process: a disk that never answers must not matter. */
import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { recommend } from '../../../functions/recommend.ts'
import { systemClock } from '../../../shared/adapters/clock.ts'
import { systemRng } from '../../../shared/adapters/rng.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import { decodeState } from '../../../shared/schema/state.ts'
import { writeFleet } from '../learned.ts'
import { type Alone, alone, type Values } from '../measurement.ts'

export const measure = alone(import.meta.filename)

const never = () => new Promise<never>(() => {})
const GIVE_UP_AFTER = 1000

export async function inside({ rounds, folder }: Alone): Promise<Values> {
  const path = writeFleet(100, folder)
  const state = decodeState(readFileSync(`${folder}/bandit_state.json`))
  const silent = () => {}
  const deps = {
    clock: systemClock,
    rng: systemRng,
    fleet: parseFleet(readFileSync(path, 'utf8'), path),
    settings: loadConfig({}),
    log: { debug: silent, info: silent, warning: silent, error: silent },
    state: {
      latest: () => ({ generation: '1', state, updatedAt: 0 }),
      read: never,
      bytes: never,
      generation: never,
      write: never,
    },
    idTokens: { gitlab: undefined, google: undefined },
    bus: { publish: never, remember: silent, depths: () => ({}), deadLetterCount: () => 0 },
  }
  const turns: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const query = new URLSearchParams({ project: '101', job: 'job 1', tags: 'any-runner' })
    const body = async () => new Uint8Array()
    const drain = async () => 0
    let answered = false
    recommend(
      { method: 'GET', query, headers: {}, body, drain },
      deps as unknown as Parameters<typeof recommend>[1],
    ).then(() => {
      answered = true
    })
    let waited = -1
    do {
      await nextTurn()
      waited += 1
    } while (!answered && waited < GIVE_UP_AFTER)
    turns.push(waited)
  }
  return { 'recommend, turns of waiting': turns }
}
