import { expect, test } from 'vitest'
import { fold } from '../../../shared/domain/fold.ts'
import { type ArmStatistics, choiceOf } from '../../../shared/domain/policy.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { defaultWorld, scenarioOf, simulate, witnessesOf } from '../../../shared/simulator/index.ts'
import { learnNothingYet } from '../../../shared/simulator/learned.ts'
import { finishedEvent, WINDOW } from '../../support/builders.ts'
import { at } from './recount.ts'

test('a routed run learns what the product would learn from the same jobs', () => {
  const jobs = 1500
  const world = defaultWorld()
  const scenario = scenarioOf(world, 4, jobs)
  const run = simulate(scenario, 'sticky')
  const learned = learnNothingYet(world)
  for (let job = 0; job < jobs; job += 1) {
    const outcome = { status: at(run.status, job), ms: at(run.endMs, job) - at(run.startMs, job) }
    learned.add(at(scenario.workload.key, job), at(run.arm, job), outcome)
    // Read in between, what is kept for later reading must not go stale.
    if (job % 100 === 0) expect(learned.statistics[0]?.meanLogSpeed).toEqual(expect.any(Number))
  }

  const costs = new Map(world.arms.map(({ id, costPerHourEur }) => [id, costPerHourEur]))
  const events = [...witnessesOf(scenario, run, Date.UTC(2026, 0, 5))]
    .filter(({ kind }) => kind === 'job.finished')
    .map(({ runner, ...facts }) => {
      const arm = runner?.description ?? ''
      return finishedEvent({
        ...facts,
        arm,
        jobKey: `${facts.projectId}/${facts.jobName}`,
        occurredAt: facts.finishedAt ?? 0,
        costPerHourEur: costs.get(arm) ?? 0,
      })
    })
  const { arms, totalObservations } = choiceOf(
    fold(EMPTY_STATE, events, WINDOW),
    world.arms.map(({ id }) => id),
  )

  expect(learned.total()).toBe(totalObservations)
  expect(arms.map(({ arm }) => arm)).toEqual(learned.statistics.map(({ arm }) => arm))
  const names = Object.keys(arms[0] ?? {}) as (keyof ArmStatistics)[]
  for (const [place, ofProduct] of arms.entries()) {
    for (const name of names.filter((each) => each !== 'arm')) {
      expect(learned.statistics[place]?.[name]).toBe(ofProduct[name])
    }
  }
  expect(arms.some(({ runnerFailures }) => runnerFailures > 0)).toBe(true)
})
