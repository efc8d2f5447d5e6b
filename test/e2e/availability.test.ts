/** Availability, from what a played GitLab and the log tell to a machine that is started: handler, HTTP, command line. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gatherAvailability } from '../../functions/availability.ts'
import { checkAvailability } from '../../functions/check-availability.ts'
import { availabilitySaid } from '../../functions/cli/availability.ts'
import { openLocalDocuments } from '../../shared/adapters/local/documents.ts'
import { playedVms } from '../../shared/adapters/local/vms.ts'
import { ConfigError, TransientError } from '../../shared/errors.ts'
import { playDay } from '../../shared/played-gitlab/index.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { siteFactsOf } from '../../shared/runtime/site-facts.ts'
import { parseFleet } from '../../shared/schema/fleet.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { API_TOKEN, startPlayedApi } from '../support/played-api/index.ts'
import { dataFolder, postWebhook, silent, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { jobWebhook } from '../support/webhook.ts'

const MINUTE = 60_000
const NOW = Date.now()
const FLEET = `
machines:
  nordic: { cost_per_hour_eur: 0.07, vm: { name: nordic-vm, zone: europe-north1-a } }
  mac: {}
executors: [docker]
runners:
  - { name: Nordic, machine: nordic, executor: docker, tags: [docker-any, gcp-any, nordic], own_tag: nordic }
  - { name: Mac, machine: mac, executor: docker, tags: [docker-any, mac], own_tag: mac }
availability: { tags: [gcp-any], start: true }
`
const day = playDay({ seed: 3, jobs: 20, startAt: Date.UTC(2026, 9, 1) })
const PROJECT = day.projects[0]?.id ?? 0

const vm = { name: 'nordic-vm', zone: 'europe-north1-a', project: null }

const cleanUps: (() => void | Promise<void>)[] = []
let isDown = false
let url: string
let deps: LocalDeps

beforeAll(async () => {
  const folder = dataFolder()
  writeFileSync(join(folder, 'fleet.yaml'), FLEET)
  const createdAt = new Date(NOW - 20 * MINUTE).toISOString()
  const api = await startPlayedApi({
    day,
    pending: { [PROJECT]: [{ id: 9_000_001, name: 'deploy', tags: ['gcp-any'], createdAt }] },
    fault: () => (isDown ? { status: 404, body: {} } : undefined),
    whenDone: (cleanUp) => cleanUps.push(cleanUp),
  })
  const served = await startServer({
    GITLAB_URL: api.url,
    GITLAB_API_TOKEN: API_TOKEN,
    RUNNER_BANDIT_FLEET: join(folder, 'fleet.yaml'),
  })
  ;({ url, deps } = served)
  await postWebhook(url, jobWebhook({ project_id: PROJECT, runner: { id: 2, description: 'Mac', tags: [] } }))
  await deps.deliveries.drained()
})

afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp()
})

/** Looks of their own at the one GitLab and the one log, a minute apart. */
function scene(more: Partial<LocalDeps> = {}) {
  const clock = fixedClock(NOW)
  const folder = temporaryFolder()
  const documents = openLocalDocuments(join(folder, 'documents'))
  const vms = playedVms(join(folder, 'played-vms.json'), { clock, log: silent })
  const rows: Record<string, unknown>[] = []
  const insert = async (_table: string, inserted: readonly object[]) =>
    void rows.push(...(inserted as typeof rows))
  const own = { ...deps, clock, documents, vms, warehouse: { ...deps.warehouse, insert }, ...more }
  return {
    deps: own,
    clock,
    rows,
    async look(times = 1) {
      for (let looks = 0; looks < times; looks += 1) {
        await checkAvailability(own).catch(() => undefined)
        clock.advance(MINUTE)
      }
    },
    told: () => gatherAvailability({ tags: [] }, own),
    statuses: async () =>
      Object.fromEntries(
        (await gatherAvailability({ tags: [] }, own)).tags.map(({ tag, status }) => [tag, status]),
      ),
  }
}

describe('a job waits for a tag whose only machine is off', () => {
  test('so the machine is started at the second look, and audit_log says so', async () => {
    const { look, rows, statuses, told, deps: own } = scene()
    expect(await statuses()).toEqual({ 'docker-any': 'unknown', 'gcp-any': 'unknown' })
    await look()
    expect(await statuses()).toEqual({ 'docker-any': 'healthy', 'gcp-any': 'down' })
    expect(rows).toEqual([])
    await look()
    expect(rows).toMatchObject([{ actor: 'check-availability', action: 'vm.start', subject: 'nordic' }])
    expect((await own.vms.state(vm)).status).toMatch(/starting|running/)
    await look(2)
    expect(rows).toHaveLength(1)
    const answer = await told()
    expect(answer).toMatchObject({
      stale: false,
      problem: null,
      starting: { enabled: true, starts_24h: 1, started: [{ machine: 'nordic', stopping: false }] },
    })
    expect(answer.tags.find(({ tag }) => tag === 'gcp-any')?.evidence).toMatchObject({
      waiting_jobs: 1,
      runners: 1,
      machines: [{ machine: 'nordic', status: 'running' }],
    })
  })

  test('a fleet that does not say so starts nothing, and says why', async () => {
    const { look, rows, told } = scene({ fleet: parseFleet(FLEET.replace(', start: true', '')) })
    await look(4)
    expect(rows).toEqual([])
    expect(await told()).toMatchObject({
      starting: {
        enabled: false,
        withheld: [{ machine: 'nordic', reason: expect.stringContaining('switched on') }],
      },
    })
  })

  test('a machine whose cost is not known is not started', async () => {
    const { look, rows, told } = scene({ fleet: parseFleet(FLEET.replace('0.07', '0')) })
    await look(4)
    expect(rows).toEqual([])
    expect((await told()).starting.withheld).toMatchObject([
      { reason: expect.stringContaining('cost_per_hour_eur') },
    ])
  })

  test('a GitLab that refuses keeps what was known, with its age, and starts nothing', async () => {
    const { look, rows, statuses, told, clock } = scene()
    await look()
    isDown = true
    await look(20).finally(() => {
      isDown = false
    })
    expect(rows).toEqual([])
    expect(await statuses()).toEqual({ 'docker-any': 'healthy', 'gcp-any': 'down' })
    const ageSeconds = (clock.now() - NOW) / 1000
    expect(await told()).toMatchObject({
      problem: expect.stringContaining('404'),
      age_seconds: ageSeconds,
      stale: true,
    })
  })

  test('a look that took too long says nothing of now, and nothing is intended on its word', async () => {
    const clock = fixedClock(NOW)
    const real = deps.gitlab()
    const pendingJobs = async (id: number) => {
      clock.advance(MINUTE + 1)
      return real.pendingJobs(id)
    }
    const { deps: own, told } = scene({ clock, gitlab: () => ({ ...real, pendingJobs }) })
    for (let looks = 0; looks < 4; looks += 1) await checkAvailability(own)
    expect(await told()).toMatchObject({
      problem: 'The look took too long.',
      observed_at: null,
      starting: { starts_24h: 0, withheld: [] },
    })
  })

  test.each([
    ['comes from the future', { createdAt: NOW + 60 * MINUTE, queuedSeconds: null }],
    ['has waited since before it was there', { createdAt: NOW - MINUTE, queuedSeconds: 3600 }],
    ['has no time', { createdAt: Number.NaN, queuedSeconds: 3600 }],
  ])('of an answer in which a job %s nothing is believed', async (_what, strange) => {
    const job = { id: 1, name: 'deploy', tags: ['gcp-any'], refProtected: null, ...strange }
    const real = deps.gitlab()
    const { look, rows, told } = scene({ gitlab: () => ({ ...real, pendingJobs: async () => [job] }) })
    await look(3)
    expect(rows).toEqual([])
    expect(await told()).toMatchObject({ problem: expect.stringContaining('cannot be'), observed_at: null })
  })

  test('a machine that could not run for long before the cap is not started', async () => {
    // 0.07 EUR an hour: half an hour and its minimum charge, a minute, are 0.036 EUR.
    const withCap = (eur: string) =>
      parseFleet(FLEET.replace('start: true', `start: true, max_eur_per_day: ${eur}`))
    const [poor, rich] = [scene({ fleet: withCap('0.036') }), scene({ fleet: withCap('0.037') })]
    await poor.look(4)
    await rich.look(4)
    expect([poor.rows.length, rich.rows.length]).toEqual([0, 1])
    expect((await poor.told()).starting.withheld).toMatchObject([
      { reason: expect.stringContaining('max_eur_per_day') },
    ])
  })

  test('a GitLab that never answers is waited for a while, and asked once', async () => {
    let asked = 0
    const pendingJobs = () => {
      asked += 1
      return new Promise<never>(() => {})
    }
    const { deps: own, told } = scene({
      gitlab: () => ({ pendingJobs }) as unknown as ReturnType<LocalDeps['gitlab']>,
    })
    await checkAvailability(own, undefined, 20)
    await checkAvailability(own, undefined, 20)
    expect(asked).toBe(1)
    expect(await told()).toMatchObject({
      problem: 'The look before this one has not ended.',
      age_seconds: null,
    })
  })

  test('a start that is refused is not asked for again before the cooldown', async () => {
    let asked = 0
    const start = async () => {
      asked += 1
      throw new ConfigError('403')
    }
    const { look, told } = scene({
      vms: { state: async () => ({ status: 'stopped', startedAt: null }), start, stop: async () => {} },
    })
    await look(25)
    expect(asked).toBe(1)
    expect((await told()).starting).toMatchObject({ starts_24h: 1, started: [] })
  })

  test('what cannot be written to audit_log is not started', async () => {
    let asked = 0
    const start = async () => {
      asked += 1
    }
    const insert = async () => Promise.reject(new TransientError('full'))
    const { look } = scene({
      vms: { state: async () => ({ status: 'stopped', startedAt: null }), start, stop: async () => {} },
      warehouse: { ...deps.warehouse, insert },
    })
    await look(4)
    expect(asked).toBe(0)
  })
})

describe('what is told', () => {
  beforeAll(() => checkAvailability(deps))

  const answer = (query: string) => fetch(`${url}/availability${query}`)

  test('to CI: a line for each tag', async () => {
    const response = await answer('?format=dotenv&tag=gcp-any,docker-any&tag=no+such.tag%C3%A9')
    expect(response.headers.get('content-type')).toMatch('text/plain')
    expect(await response.text()).toBe(
      'MAB_AVAILABLE_GCP_ANY=down\nMAB_AVAILABLE_DOCKER_ANY=healthy\nMAB_AVAILABLE_NO_SUCH_TAG__=unknown\n',
    )
  })

  test('to people: reasons in full, what is not watched, and that machines are played', async () => {
    const tags = ['docker-any', 'gcp-any', 'mac', 'gone']
    const said = availabilitySaid(await gatherAvailability({ tags }, deps))
    expect(said).toMatch(/^Seen \d+ (second|minute)s? ago\.$/m)
    expect(said).toMatch(/^gcp-any +down +1 +-$/m)
    expect(said).toContain(`
gcp-any: The machines of all its runners are off.
mac: It is not watched: name it in availability.tags of fleet.yaml.
gone: It is not watched, and no runner of fleet.yaml carries it.

In the last 24 hours 0 of`)
    expect(said).toContain('\nMachines are played here: nothing is really started, and nothing is paid.')
    expect(await (await answer('')).json()).toMatchObject({ starting: { enabled: true, played: true } })
  })

  test('parameters that there are not are refused', async () => {
    for (const query of ['?tags=a', '?format=xml']) expect((await answer(query)).status).toBe(400)
  })

  test('to site rules: when each runner was last seen, for as long as that says something', async () => {
    const { documents, clock } = deps
    const facts = siteFactsOf({ documents, clock })
    expect(facts?.runners.get('Mac')).toMatchObject({ running: 0, lastSeenAt: expect.any(Number) })
    expect(facts?.runners.get('Nordic')).toEqual({ running: 0, lastSeenAt: null })
    expect(siteFactsOf({ documents, clock: fixedClock(clock.now() + 15 * MINUTE) })).toBeUndefined()
  })

  test('only to who shows the token, where one is set; and without a token of GitLab nobody looks', async () => {
    const guarded = await startServer({ RUNNER_BANDIT_API_TOKEN: 'an-api-token' })
    expect((await fetch(`${guarded.url}/availability`)).status).toBe(401)
    const headers = { authorization: 'Bearer an-api-token' }
    await checkAvailability(guarded.deps)
    const told = await (await fetch(`${guarded.url}/availability`, { headers })).json()
    expect(told).toMatchObject({ observed_at: null, stale: true })
    expect(siteFactsOf(guarded.deps)).toBeUndefined()
  })
})
