/** Modes per project: what is told, what is routed, and what takes a project back to advisory. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkRouting } from '../../functions/check-routing.ts'
import { runOperation } from '../../functions/operations.ts'
import { dataFolder, playDockerRunners, postWebhook, startServer } from '../support/server.ts'
import { gitlabTime, jobWebhook } from '../support/webhook.ts'

const FLEET = `
machines: { m: {} }
executors: [docker]
projects:
  - { name: off, id: 1, mode: off }
  - { name: quiet, id: 2 }
  - { name: told, id: 3, mode: advisory }
  - { name: canary, id: 4, mode: canary, canary: { share: 0.5, seed: one } }
  - { name: routed, id: 5, path: group/routed, mode: autonomous }
runners:
  - { name: a, machine: m, executor: docker, tags: [docker, only-a] }
  - { name: b, machine: m, executor: docker, tags: [docker, only-b] }
fallback_tag: docker
`

async function startWith(env: Record<string, string> = {}) {
  const file = join(dataFolder(), 'fleet.yaml')
  writeFileSync(file, FLEET)
  const { url, deps } = await startServer({
    RUNNER_BANDIT_FLEET: file,
    RUNNER_BANDIT_MODE: undefined,
    ...env,
  })
  const ask = async (parameters: Record<string, string>) => {
    const answer = await fetch(
      `${url}/recommend?${new URLSearchParams({ job: 'build', tags: 'docker', ...parameters })}`,
    )
    return (await answer.json()) as Record<string, unknown>
  }
  const recorded = async () => {
    await deps.deliveries.drained()
    return deps.warehouse.query('SELECT * FROM ci_metrics.recommendations ORDER BY decided_at, decision_id')
  }
  return { url, deps, ask, recorded }
}

describe('/recommend', () => {
  test('decides nothing in off, records and does not tell in shadow, tells and does not route in advisory', async () => {
    const { ask, recorded } = await startWith()
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
    const { ask, recorded } = await startWith()
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
    const { ask, recorded } = await startWith()
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
    const { url } = await startWith()
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
    const { ask, deps, url } = await startWith({
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
    const { ask } = await startWith({ RUNNER_BANDIT_MODE: 'advisory' })
    expect([(await ask({ project: '2' })).mode, (await ask({ project: '99' })).mode]).toEqual([
      'advisory',
      'advisory',
    ])
    expect((await ask({ project: '1' })).mode).toBe('off')
  })

  test('knows a project however its id is written', async () => {
    const { ask, recorded } = await startWith({ RUNNER_BANDIT_MODE: 'autonomous' })
    expect(await ask({ project: '001' })).toMatchObject({ mode: 'off', routed: false })
    expect(await ask({ project: '003' })).toMatchObject({ mode: 'advisory', routed: false })
    expect(await recorded()).toMatchObject([{ project: '3', project_id: 3, job_key: '3/build' }])
  })

  test('tells a person at the command line in every mode, and routes nothing by it', async () => {
    const { deps, recorded } = await startWith()
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

describe('the safeguard', () => {
  const JOBS = 44

  /** Jobs of project 5: half were routed to a, of which so many failed; the others went to b and did well. */
  async function played({ failed }: { failed: number }) {
    const server = await startWith()
    const { url, deps, ask } = server
    const indices = [...Array(JOBS).keys()]
    const isRouted = (index: number) => index % 2 === 0
    await Promise.all(
      indices.filter(isRouted).map((index) => ask({ project: '5', pipeline_id: `${1000 + index}` })),
    )
    const tell = (words: (index: number) => Record<string, unknown>) =>
      Promise.all(
        indices.map((index) => {
          const runner = {
            id: isRouted(index) ? 1 : 2,
            description: isRouted(index) ? 'a' : 'b',
            tags: ['docker'],
          }
          const job = {
            project_id: 5,
            build_id: 5000 + index,
            build_name: 'build',
            pipeline_id: 2000 + index,
            source_pipeline: { pipeline_id: 1000 + index },
            build_started_at: gitlabTime(Date.now() - 20_000),
          }
          return postWebhook(url, jobWebhook({ ...job, runner, ...words(index) }))
        }),
      )
    await tell(() => ({ build_status: 'running', build_finished_at: null }))
    await tell((index) => ({ build_status: isRouted(index) && index < 2 * failed ? 'failed' : 'success' }))
    await deps.deliveries.drained()
    return server
  }

  test('takes a project back to advisory when its routed jobs fail, says why, and lets it go on when a person says so', async () => {
    const { deps, ask } = await played({ failed: 20 })
    expect(await ask({ project: '5' })).toMatchObject({ mode: 'autonomous' })
    await checkRouting(deps)
    const after = await ask({ project: '5' })
    expect(after).toMatchObject({
      mode: 'advisory',
      routed: false,
      use_tag: 'docker',
      runner: expect.any(String),
    })
    expect(after.mode_reason).toMatch(
      /^Of 22 routed jobs 9 % succeeded, of 22 others of the same kinds 100 %/,
    )
    await checkRouting(deps)
    const audit = () =>
      deps.warehouse.query(
        'SELECT actor, action, subject, reason FROM ci_metrics.audit_log ORDER BY acted_at',
      )
    expect(await audit()).toEqual([
      { actor: 'check-routing', action: 'mode.fall_back', subject: 'project 5', reason: after.mode_reason },
    ])

    const modes = (await runOperation('modes', {}, deps, () => {})) as Record<string, unknown>[]
    expect(modes.map(({ project }) => project)).toEqual(['off', 'told', 'canary', 'routed', null])
    expect(modes.find(({ project }) => project === 'routed')).toEqual({
      ...{ project: 'routed', wanted: 'autonomous', in_effect: 'advisory', canary_share: null },
      reason: after.mode_reason,
      fallen_back: true,
    })
    await expect(
      runOperation('modes-clear', { project: 'nope', reason: 'x' }, deps, () => {}),
    ).rejects.toThrow('fleet.yaml gives an id')
    await runOperation('modes-clear', { project: 'routed', reason: 'the disk was full' }, deps, () => {})
    expect(await ask({ project: '5' })).toMatchObject({ mode: 'autonomous', routed: true })
    // What was seen before does not trip it once more.
    await checkRouting(deps)
    expect(await ask({ project: '5' })).toMatchObject({ mode: 'autonomous' })
    expect((await audit()).at(-1)).toMatchObject({
      actor: 'person',
      action: 'mode.clear',
      reason: 'the disk was full',
    })
    await expect(
      runOperation('modes-clear', { project: 'routed', reason: 'again' }, deps, () => {}),
    ).rejects.toThrow('has not fallen back')
  })

  test('leaves a project alone whose routed jobs do as well as the others', async () => {
    const { deps, ask } = await played({ failed: 2 })
    await checkRouting(deps)
    expect(await ask({ project: '5' })).toMatchObject({ mode: 'autonomous', routed: true })
  })

  test('that was never asked what fell back routes nothing', async () => {
    const { deps, ask } = await startWith()
    const { documents } = deps
    deps.documents = { ...documents, latest: () => undefined }
    expect(await ask({ project: '5' })).toMatchObject({ mode: 'advisory', routed: false })
  })
})
