import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openComputeVms } from '../../shared/adapters/gcp/compute.ts'
import { playedVms } from '../../shared/adapters/local/vms.ts'
import { ConfigError, InvalidInputError, TransientError } from '../../shared/errors.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { silentLog as log } from '../support/gcs.ts'
import { type ComputeFault, startPlayedCompute } from '../support/played-compute.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { vmsContract } from './vms.ts'

const MINUTE = 60_000
const vm = { name: 'runner-vm', zone: 'europe-west1-b', project: null }
const KEY = 'my-project/europe-west1-b/runner-vm'

vmsContract({
  adapter: 'played, in the data folder',
  async fresh() {
    const clock = fixedClock(Date.parse('2026-11-21T10:00:00Z'))
    const path = join(temporaryFolder(), 'played-vms.json')
    return { open: () => playedVms(path, { clock, log }), boot: () => clock.advance(MINUTE) }
  },
  knowsMachines: { cannot: 'know which machines fleet.yaml means' },
})

vmsContract({
  adapter: 'Compute Engine',
  async fresh({ project, zone, name }) {
    const { url, instances } = await startPlayedCompute(onTestFinished)
    instances.set(`${project}/${zone}/${name}`, 'TERMINATED')
    return { open: () => openComputeVms({ projectId: 'my-project', apiEndpoint: url }), boot() {} }
  },
  knowsMachines: true,
})

test('a played machine takes half a minute to boot, and says that it is played', async () => {
  const clock = fixedClock(0)
  const told: string[] = []
  const noted = {
    ...log,
    info: (message: string, fields?: object) => void told.push(message + JSON.stringify(fields)),
  }
  const vms = playedVms(join(temporaryFolder(), 'played-vms.json'), { clock, log: noted })
  await vms.start(vm, randomUUID())
  expect((await vms.state(vm)).status).toBe('starting')
  clock.advance(MINUTE)
  expect((await vms.state(vm)).status).toBe('running')
  expect(told.join()).toMatch(/played.*made up, and nothing runs/)
})

describe('Compute Engine', () => {
  async function setUp() {
    const compute = await startPlayedCompute(onTestFinished)
    compute.instances.set(KEY, 'TERMINATED')
    const vms = openComputeVms({ projectId: 'my-project', apiEndpoint: compute.url, timeoutMs: 300 })
    return { compute, vms }
  }

  test.each([
    ['PROVISIONING', 'starting'],
    ['STAGING', 'starting'],
    ['RUNNING', 'running'],
    ['REPAIRING', 'running'],
    ['STOPPING', 'stopping'],
    ['SUSPENDING', 'stopping'],
    ['SUSPENDED', 'stopped'],
    ['TERMINATED', 'stopped'],
  ])('%s is %s', async (status, expected) => {
    const { compute, vms } = await setUp()
    compute.instances.set(KEY, status)
    expect((await vms.state(vm)).status).toBe(expected)
  })

  test('a status that is not known is no status', async () => {
    const { compute, vms } = await setUp()
    compute.instances.set(KEY, 'DREAMING')
    await expect(vms.state(vm)).rejects.toThrow(TransientError)
  })

  test('a start names the machine and its request id, and asks once', async () => {
    const { compute, vms } = await setUp()
    const id = randomUUID()
    await vms.start(vm, id)
    expect(compute.requests).toEqual([
      `POST /compute/v1/projects/my-project/zones/europe-west1-b/instances/runner-vm/start?requestId=${id}`,
    ])
  })

  test.each<[ComputeFault, new (message: string) => Error]>([
    [{ status: 409, reason: 'resourceInUseByAnotherResource' }, TransientError],
    [{ status: 412, reason: 'conditionNotMet' }, TransientError],
    [{ status: 429, reason: 'rateLimitExceeded' }, TransientError],
    [{ status: 403, reason: 'rateLimitExceeded' }, TransientError],
    [{ status: 500 }, TransientError],
    [{ status: 503 }, TransientError],
    ['reset', TransientError],
    ['hang', TransientError],
    ['answer lost', TransientError],
    [{ status: 400, reason: 'invalid' }, InvalidInputError],
    [{ status: 401, reason: 'authError' }, ConfigError],
    [{ status: 403, reason: 'forbidden' }, ConfigError],
    [
      { status: 404, reason: 'notFound', message: "The resource 'projects/my-project' was not found" },
      InvalidInputError,
    ],
  ])('%j: told by the reaction to it', async (fault, reaction) => {
    const { compute, vms } = await setUp()
    compute.fail(fault)
    await expect(vms.start(vm, randomUUID())).rejects.toThrow(reaction)
    if (typeof fault === 'object') {
      compute.fail(fault)
      await expect(vms.state(vm)).rejects.toThrow(reaction)
    }
  })

  test('a start whose answer was lost has taken effect, and its repetition is none', async () => {
    const { compute, vms } = await setUp()
    const id = randomUUID()
    compute.fail('answer lost')
    await expect(vms.start(vm, id)).rejects.toThrow(TransientError)
    expect((await vms.state(vm)).status).toBe('running')
    await vms.stop(vm, randomUUID())
    await vms.start(vm, id)
    expect((await vms.state(vm)).status).toBe('stopped')
  })

  const fault = (message: string, code: string) => Object.assign(new Error(message), { code })

  test.each([
    ['is away', fault('request to the metadata server failed', 'ECONNREFUSED'), TransientError],
    ['answers nonsense', fault('Unsuccessful response status code. 404', 'ERR_BAD_REQUEST'), TransientError],
    ['is silent', undefined, TransientError],
    ['has ended them', fault('invalid_grant: reauth', '400'), ConfigError],
  ])(
    'who says who asks, and did before, %s: told by the reaction to it, and nothing is asked',
    async (_what, error, reaction) => {
      const compute = await startPlayedCompute(onTestFinished)
      compute.instances.set(KEY, 'RUNNING')
      const answers = [{}, {}, {}]
      const getRequestHeaders = async (url?: string) => {
        expect(url).toMatch(/^http/)
        const answer = answers.pop()
        if (answer !== undefined) return answer
        return error === undefined ? new Promise<never>(() => {}) : Promise.reject(error)
      }
      const auth = { getClient: async () => ({ getRequestHeaders }) }
      const vms = openComputeVms({
        ...{ projectId: 'my-project', apiEndpoint: compute.url },
        auth,
        timeoutMs: 1000,
      })
      expect((await vms.state(vm)).status).toBe('running')
      await vms.start(vm, randomUUID())
      expect(compute.requests).toHaveLength(2)
      await expect(vms.stop(vm, randomUUID())).rejects.toThrow(reaction)
      expect(compute.requests).toHaveLength(2)
    },
  )

  test('what the operation failed of at once is told', async () => {
    const { compute, vms } = await setUp()
    compute.failOperation('ZONE_RESOURCE_POOL_EXHAUSTED')
    await expect(vms.start(vm, randomUUID())).rejects.toThrow(/ZONE_RESOURCE_POOL_EXHAUSTED/)
    expect((await vms.state(vm)).status).toBe('stopped')
  })
})
