/** Well-formed lies and accidents: repeats, disorder, strangers without end. The state counts each job once. */
import { beforeAll, expect, test } from 'vitest'
import { rebuild } from '../../../functions/rebuild.ts'
import { createRng } from '../../../shared/played-gitlab/index.ts'
import { decodeState } from '../../../shared/schema/state.ts'
import { testOf } from '../../contract/ability.ts'
import { postWebhook } from '../../support/server.ts'
import { jobWebhook, running } from '../../support/webhook.ts'
import { onEachTarget } from './each-target.ts'
import type { Target } from './target.ts'

const NOW = Date.now()

async function statusesOf(target: Target, bodies: readonly unknown[]): Promise<string[]> {
  const statuses: string[] = []
  for (const body of bodies) {
    const response = await postWebhook(target.url, body)
    statuses.push(((await response.json()) as { status: string }).status)
  }
  return statuses
}

async function stateText(target: Target): Promise<string> {
  await target.settled()
  return Buffer.from((await target.deps.state.bytes()) ?? []).toString()
}

const jobTimes = (({ build_created_at, build_started_at }) => ({ build_created_at, build_started_at }))(
  jobWebhook({}, NOW) as Record<string, unknown>,
)

onEachTarget((targets) => {
  const knowsRepeats = targets.knowsRepeats === true
  const repeated = knowsRepeats ? 'duplicate' : 'accepted'
  let target: Target

  beforeAll(async () => {
    target = await targets.start({ MAX_UNMANAGED_ARMS: '20' })
  })

  test('repeats and disorder give the same bytes as each webhook once and in order', async () => {
    const bodies = [1, 2, 3, 4, 5].flatMap((id) => [
      jobWebhook({ build_id: id, build_status: 'pending', runner: null, build_started_at: null }, NOW),
      { ...running({ build_id: id }), ...jobTimes },
      jobWebhook({ build_id: id, build_duration: id * 10 }, NOW),
    ])
    const rng = createRng(7, 'disorder')
    const disordered = [...bodies, ...bodies, ...bodies]
      .map((body) => ({ body, at: rng.uniform() }))
      .sort((a, b) => a.at - b.at)
      .map(({ body }) => body)
    const orderly = await targets.start()
    const wild = await targets.start()
    await statusesOf(orderly, bodies)
    const statuses = await statusesOf(wild, disordered)
    expect(statuses.filter((status) => status === 'accepted')).toHaveLength(knowsRepeats ? 15 : 45)
    expect(await stateText(wild)).toBe(await stateText(orderly))
    expect(await rebuild({ check: true }, wild.deps)).toMatchObject({ equal: true, observations: 5 })
  })

  test('a retry is a job of its own, and a job that changes its mind is not', async () => {
    const failed = { build_status: 'failed', build_failure_reason: 'script_failure' }
    expect(
      await statusesOf(target, [
        jobWebhook({ build_id: 1, ...failed }),
        jobWebhook({ build_id: 2, retries_count: 1 }),
        jobWebhook({ build_id: 1 }),
        jobWebhook({ build_id: 1 }),
      ]),
    ).toEqual(['accepted', 'accepted', repeated, repeated])
    if (knowsRepeats) expect(target.newlyLogged()).toEqual(['job.conflicted'])
    await target.settled()
    const { arms } = decodeState((await target.deps.state.bytes()) as Uint8Array)
    expect(arms.get('Mac Docker Runner')).toMatchObject({ n: 2, successes: 1 })
  })

  test('a project that nobody described is taken like any other', async () => {
    const stranger = jobWebhook({ project_id: 987_654_321, project: { path_with_namespace: 'who/knows' } })
    expect(await statusesOf(target, [stranger])).toEqual(['accepted'])
  })

  test('strangers without end fill the bound, by job hooks or by one pipeline hook, and the fleet is served on', async () => {
    const stranger = (id: number) => ({ id, description: `stranger ${id}`, tags: [] })
    const bodies = Array.from({ length: 50 }, (_, id) =>
      jobWebhook({ build_id: id + 1001, runner: stranger(id + 1) }),
    )
    const statuses = await statusesOf(target, bodies.slice(40))
    expect(new Set(statuses)).toEqual(new Set(['accepted']))
    const builds = bodies.slice(0, 40).map((body) => ({
      id: body.build_id,
      name: body.build_name,
      status: 'success',
      started_at: body.build_started_at,
      finished_at: body.build_finished_at,
      runner: body.runner,
    }))
    const response = await postWebhook(target.url, {
      object_kind: 'pipeline',
      object_attributes: { id: 7 },
      project: { id: 101 },
      builds,
    })
    expect(await response.json()).toMatchObject({ jobs: { duplicate: 0, accepted: 10, quarantined: 30 } })
    await target.settled()
    const { arms } = decodeState((await target.deps.state.bytes()) as Uint8Array)
    expect([...arms.keys()].filter((arm) => !target.deps.fleet.arms.has(arm))).toHaveLength(20)
    expect(await statusesOf(target, [jobWebhook({ build_id: 500 })])).toEqual(['accepted'])
    // One line tells of the thirty.
    expect(target.newlyLogged()).toEqual(['job.quarantined'])
  })

  testOf(targets.boundsItsQueue)(
    'one project that floods is put off by the bound that all share, and what was accepted is kept',
    async () => {
      const target = await targets.start({ QUEUE_MAX_MESSAGES: '5' })
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, id) => postWebhook(target.url, jobWebhook({ build_id: id + 1 }))),
      )
      const statuses = answers.map(({ status }) => status)
      expect(new Set(statuses)).toEqual(new Set([202, 503]))
      expect(await target.rows('job_events')).toBe(statuses.filter((status) => status === 202).length)
      // No turn is kept free for others: who comes while the queue is full is put off, too, and served after.
      expect(await statusesOf(target, [jobWebhook({ build_id: 1000, project_id: 5 })])).toEqual(['accepted'])
    },
  )
})
