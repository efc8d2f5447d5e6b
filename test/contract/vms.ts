/** The suite that every adapter of virtual machines passes. */
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { VmRef, Vms } from '../../shared/ports.ts'
import { type Ability, testOf } from './ability.ts'

export type VmsHarness = {
  adapter: string
  /** With a stopped machine of this name. */
  fresh(vm: VmRef): Promise<{
    /** As another process, or this one after a restart, opens it. */
    open(): Vms
    /** Until what was started is up. */
    boot(): void
  }>
  /** Whether it knows which machines there are. */
  knowsMachines: Ability
}

const vm: VmRef = { name: 'runner-vm', zone: 'europe-west1-b', project: 'some-project' }

const statusOf = async (vms: Vms, one: VmRef) => (await vms.state(one)).status

export function vmsContract({ adapter, fresh, knowsMachines }: VmsHarness): void {
  describe(`virtual machines: ${adapter}`, () => {
    test('one that is stopped is started, and stopped again', async () => {
      const { open, boot } = await fresh(vm)
      const vms = open()
      expect(await statusOf(vms, vm)).toBe('stopped')
      await vms.start(vm, randomUUID())
      boot()
      expect(await statusOf(vms, vm)).toBe('running')
      expect(await statusOf(open(), vm)).toBe('running')
      await vms.stop(vm, randomUUID())
      expect(await statusOf(open(), vm)).toBe('stopped')
    })

    test('when it came on is told, the same at each look, and another one after another start', async () => {
      const { open, boot } = await fresh(vm)
      await open().start(vm, randomUUID())
      boot()
      const { startedAt } = await open().state(vm)
      expect(startedAt).toEqual(expect.any(Number))
      boot()
      await open().start(vm, randomUUID())
      expect((await open().state(vm)).startedAt).toBe(startedAt)
      await open().stop(vm, randomUUID())
      boot()
      await open().start(vm, randomUUID())
      expect((await open().state(vm)).startedAt).toBeGreaterThan(startedAt ?? 0)
    })

    test('the same request again is the same request', async () => {
      const { open, boot } = await fresh(vm)
      const [start, stop] = [randomUUID(), randomUUID()]
      await open().start(vm, start)
      await open().start(vm, start)
      boot()
      await open().stop(vm, stop)
      await open().start(vm, start)
      expect(await statusOf(open(), vm)).toBe('stopped')
    })

    test('one that runs is left running by a start, one that is off by a stop', async () => {
      const { open, boot } = await fresh(vm)
      const vms = open()
      await vms.stop(vm, randomUUID())
      expect(await statusOf(vms, vm)).toBe('stopped')
      await vms.start(vm, randomUUID())
      boot()
      await vms.start(vm, randomUUID())
      expect(await statusOf(vms, vm)).toBe('running')
    })

    test('machines of other names and zones are others', async () => {
      const { open, boot } = await fresh(vm)
      const vms = open()
      await vms.start(vm, randomUUID())
      boot()
      expect(await statusOf(vms, { ...vm, zone: 'europe-west1-c' })).not.toBe('running')
      expect(await statusOf(vms, { ...vm, name: 'runner-vm-2' })).not.toBe('running')
    })

    testOf(knowsMachines)('one that is not there is missing, and cannot be started', async () => {
      const vms = (await fresh(vm)).open()
      const other = { ...vm, name: 'nobody' }
      expect(await statusOf(vms, other)).toBe('missing')
      await expect(vms.start(other, randomUUID())).rejects.toThrow(/does not start nobody/)
    })
  })
}
