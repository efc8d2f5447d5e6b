/** Modes per project: what is told, and what is routed. */
import { describe, expect, test } from 'vitest'
import { runOperation } from '../../functions/operations.ts'
import { startWithModes } from '../support/modes.ts'
import { playDockerRunners } from '../support/server.ts'

describe('/recommend', () => {
  test('decides nothing in off, records and does not tell in shadow, tells and does not route in advisory', async () => {
    const { ask, recorded } = await startWithModes()
    const own = { routed: false, use_tag: 'docker', group: null }
    expect(await ask({ project: '1' })).toMatchObject({
      ...own,
      mode: 'off',
      kind: 'fallback',
      decision_id: '',
      runner: null,
      feasible: [],
    })
    expect(await recorded()).toEqual([])
    expect(await ask({ project: '2' })).toMatchObject({
      ...own,
      ...{
        mode: 'shadow',
        kind: 'fallback',
        runner: null,
        propensity: null,
        choice_set_id: null,
        feasible: [],
      },
      reason: expect.stringContaining('mode shadow'),
    })
    expect(await ask({ project: 'told' })).toMatchObject({
      ...own,
      mode: 'advisory',
      kind: 'arm',
      runner: 'a',
      tag: 'only-a',
    })
    expect(await recorded()).toMatchObject([
      { project_id: 2, mode: 'shadow', routed: false, kind: 'arm', arm: 'a', propensity: 1 },
      { project_id: 3, mode: 'advisory', routed: false, kind: 'arm', arm: 'a' },
    ])
  })

  test('routes in autonomous, and says which pipeline asked', async () => {
    const { ask, recorded } = await startWithModes()
    const answer = await ask({ project: '5', pipeline_id: '77' })
    expect(answer).toMatchObject({
      mode: 'autonomous',
      kind: 'arm',
      routed: true,
      tag: 'only-a',
      use_tag: 'only-a',
    })
    expect(await recorded()).toMatchObject([
      { project_id: 5, pipeline_id: 77, routed: true, mode: 'autonomous' },
    ])
  })

  test('in canary puts a pipeline into one group, and says the propensity of the whole draw', async () => {
    const { ask, recorded } = await startWithModes()
    const answers = await Promise.all(
      Array.from({ length: 80 }, (_, index) =>
        ask({ project: '4', pipeline_id: String(100 + (index >> 1)), job: `job ${index}` }),
      ),
    )
    for (const [index, answer] of answers.entries()) {
      expect(answer.group).toBe(answers[index ^ 1]?.group)
      // Nothing is learned yet, so that the policy always takes a: 0.5 · 1 + 0.5 / 2.
      expect(answer).toMatchObject({ routed: true, propensity: answer.runner === 'a' ? 0.75 : 0.25 })
      if (answer.group === 'policy') expect(answer.runner).toBe('a')
    }
    expect(new Set(answers.map(({ group, runner }) => `${group} ${runner}`)).size).toBe(3)
    expect(await recorded()).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ canary_share: 0.5, canary_group: 'uniform', arm: 'b', propensity: 0.25 }),
      ]),
    )
  })

  test('gives CI the tag to carry, and whether it is a routed one', async () => {
    const { url } = await startWithModes()
    const dotenv = async (project: string) => {
      const query = new URLSearchParams({
        project,
        job: 'build',
        tags: 'docker',
        fallback: 'any',
        format: 'dotenv',
      })
      return (await fetch(`${url}/recommend?${query}`)).text()
    }
    expect(await dotenv('3')).toMatch(
      /^MAB_RUNNER_TAG=any\nMAB_RUNNER=a\n[\s\S]*MAB_MODE=advisory\nMAB_ROUTED=false\n$/,
    )
    expect(await dotenv('5')).toMatch(
      /^MAB_RUNNER_TAG=only-a\nMAB_RUNNER=a\n[\s\S]*MAB_MODE=autonomous\nMAB_ROUTED=true\n$/,
    )
  })

  test('routes nobody whose id is not known, and nobody by a state that is too old', async () => {
    const { ask, deps, url } = await startWithModes({
      ROUTE_MAX_STATE_AGE_HOURS: '1',
      RUNNER_BANDIT_MODE: 'autonomous',
    })
    expect(await ask({ project: 'group/nameless' })).toMatchObject({
      ...{
        mode: 'advisory',
        routed: false,
        runner: 'a',
        mode_reason: expect.stringContaining('id is not known'),
      },
    })
    await playDockerRunners(url)
    await deps.deliveries.drained()
    expect(await ask({ project: '5' })).toMatchObject({ mode: 'autonomous', routed: true })
    const { clock } = deps
    deps.clock = { now: () => clock.now() + 2 * 3_600_000 }
    expect(await ask({ project: '5' })).toMatchObject({
      mode: 'advisory',
      routed: false,
      mode_reason: expect.stringContaining('2 hours old'),
    })
  })

  test('takes the mode of RUNNER_BANDIT_MODE for projects of which fleet.yaml says none', async () => {
    const { ask } = await startWithModes({ RUNNER_BANDIT_MODE: 'advisory' })
    expect([(await ask({ project: '2' })).mode, (await ask({ project: '99' })).mode]).toEqual([
      'advisory',
      'advisory',
    ])
    expect((await ask({ project: '1' })).mode).toBe('off')
  })

  test('knows a project however its id is written', async () => {
    const { ask, recorded } = await startWithModes({ RUNNER_BANDIT_MODE: 'autonomous' })
    expect(await ask({ project: '001' })).toMatchObject({ mode: 'off', routed: false })
    expect(await ask({ project: '003' })).toMatchObject({ mode: 'advisory', routed: false })
    expect(await recorded()).toMatchObject([{ project: '3', project_id: 3, job_key: '3/build' }])
  })

  test('tells a person at the command line in every mode, and routes nothing by it', async () => {
    const { deps, recorded } = await startWithModes()
    const answer = await runOperation(
      'recommend',
      { project: '1', job: 'build', tags: 'docker' },
      deps,
      () => {},
    )
    expect(answer).toMatchObject({ kind: 'arm', runner: 'a', mode: 'off', routed: false, use_tag: 'docker' })
    const routed = await runOperation(
      'recommend',
      { project: '5', job: 'build', tags: 'docker' },
      deps,
      () => {},
    )
    expect(routed).toMatchObject({
      kind: 'arm',
      runner: 'a',
      mode: 'autonomous',
      routed: false,
      use_tag: 'docker',
    })
    expect(await recorded()).toMatchObject([
      { routed: false, mode: 'off' },
      { routed: false, mode: 'autonomous' },
    ])
  })
})
