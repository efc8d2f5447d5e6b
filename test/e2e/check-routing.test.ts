/** What takes a project back to advisory, and what lets it go on. */
import { describe, expect, test } from 'vitest'
import { checkRouting } from '../../functions/check-routing.ts'
import { runOperation } from '../../functions/operations.ts'
import { startWithModes } from '../support/modes.ts'
import { postWebhook } from '../support/server.ts'
import { gitlabTime, jobWebhook } from '../support/webhook.ts'

describe('the safeguard', () => {
  const JOBS = 44

  /** Jobs of project 5: half were routed to a, of which so many failed; the others went to b and did well. */
  async function played({ failed }: { failed: number }) {
    const server = await startWithModes()
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
    const { deps, ask } = await startWithModes()
    const { documents } = deps
    deps.documents = { ...documents, latest: () => undefined }
    expect(await ask({ project: '5' })).toMatchObject({ mode: 'advisory', routed: false })
  })
})
