/**
 * Played virtual machines, where there is no cloud: their states are kept in the data folder, nothing is started and
 * nothing is paid. One that nobody has heard of is stopped.
 */
import type { Instant } from '../../domain/event.ts'
import type { Clock, Log, VmRef, VmState, Vms } from '../../ports.ts'
import { readIfThere, replaceDurably } from './durable-file.ts'
import { takeTurns } from './turns.ts'

type PlayedVm = { isOn: boolean; since: Instant; requestIds: string[] }
type PlayedVms = Record<string, PlayedVm>

const BOOT_MS = 30_000
const REMEMBERED_REQUESTS = 100

/** @param path of the file that holds them. One process owns the folder. */
export function playedVms(path: string, { clock, log }: { clock: Clock; log: Log }): Vms {
  const inTurn = takeTurns()

  async function all(): Promise<PlayedVms> {
    const bytes = await readIfThere(path)
    try {
      return bytes === undefined ? {} : JSON.parse(bytes.toString('utf8'))
    } catch {
      // They are made up: so are those that take their place.
      return {}
    }
  }

  const turn = (isOn: boolean, vm: VmRef, requestId: string) =>
    inTurn(async () => {
      const vms = await all()
      const before = vms[keyOf(vm)] ?? OFF
      if (before.requestIds.includes(requestId)) return
      const requestIds = [...before.requestIds, requestId].slice(-REMEMBERED_REQUESTS)
      const since = before.isOn === isOn ? before.since : clock.now()
      await replaceDurably(
        path,
        Buffer.from(JSON.stringify({ ...vms, [keyOf(vm)]: { isOn, since, requestIds } })),
      )
      log.info(isOn ? 'vm.played_start' : 'vm.played_stop', {
        vm: vm.name,
        hint: 'There is no cloud: this machine is made up, and nothing runs.',
      })
    })

  return {
    state: (vm) =>
      inTurn(async (): Promise<VmState> => {
        const { isOn, since } = (await all())[keyOf(vm)] ?? OFF
        if (!isOn) return { status: 'stopped', startedAt: null }
        return { status: clock.now() - since < BOOT_MS ? 'starting' : 'running', startedAt: since }
      }),
    start: (vm, requestId) => turn(true, vm, requestId),
    stop: (vm, requestId) => turn(false, vm, requestId),
  }
}

const OFF: PlayedVm = { isOn: false, since: 0, requestIds: [] }

const keyOf = ({ project, zone, name }: VmRef) => `${project ?? ''}/${zone}/${name}`
