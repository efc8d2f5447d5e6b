/** What it takes to ask every rule about every runner, beside a loop that looks at one number of each as often. */
import type { JobRequirements } from '../../../shared/domain/constraint.ts'
import { armsByCode, feasibleSet } from '../../../shared/domain/feasible.ts'
import { fleetOf, type Runner } from '../../../shared/domain/fleet.ts'
import { relaxationsOf } from '../../../shared/domain/relaxation.ts'
import type { SiteDemand, SiteFacts, SiteRule } from '../../../shared/domain/site-rule.ts'
import { HOUR, NOON, runnerOf } from '../../support/builders.ts'
import { ratios } from '../figures.ts'
import { armName } from '../learned.ts'
import { type Alone, alone, type Values } from '../measurement.ts'
import { interleave, nsPerUnit } from '../rounds.ts'

export const measure = alone(import.meta.filename)

const RUNNERS = 4000
const RULES = 50
const NS_PER_MS = 1e6

export async function inside({ rounds }: Alone): Promise<Values> {
  const fleet = fleetOf(
    Array.from({ length: RUNNERS }, (_, index) => runner(index)).map((one) => {
      return { id: one.name, tag: `own-${one.name}`, runners: [one] }
    }),
    { rules: Array.from({ length: RULES }, (_, index) => rule(index)) },
  )
  const job: JobRequirements = {
    projectNames: ['group/app', '42'],
    tags: ['docker', 'linux'],
    refProtected: false,
    jobKey: '42/unit',
    needs: { executors: ['docker'], architecture: 'amd64', gpu: null, memoryGb: 4, zone: 'zone-1' },
  }
  const split = (wanted: JobRequirements) => feasibleSet(fleet.arms.keys(), fleet, wanted, { site })
  const nobody = { ...job, tags: ['gpu'] }
  const runners = [...fleet.runnersByName.values()].map((member) => member.runner)
  const ns = await interleave(rounds, {
    some: nsPerUnit(1, () => split(job)),
    none: nsPerUnit(1, () => split(nobody)),
    recorded: nsPerUnit(1, () => armsByCode(split(nobody).refused)),
    relaxed: nsPerUnit(1, () => relaxationsOf(split(nobody).refused)),
    bare: nsPerUnit(1, () => cheaperThanEach(runners)),
  })
  const ms = (values: readonly number[]) => values.map((value) => value / NS_PER_MS)
  return {
    'constraints, 4,000 runners × 50 rules': ms(ns.some),
    'constraints, 4,000 runners × 50 rules, against bare': ratios(ns.some, ns.bare),
    'constraints, all refused': ms(ns.none),
    'constraints, all refused, by code': ms(ns.recorded),
    'constraints, all refused, what to lift': ms(ns.relaxed),
  }
}

/** As many looks at a runner as there are rules. */
function cheaperThanEach(runners: readonly Runner[]): number {
  let count = 0
  for (let index = 0; index < RULES; index += 1) {
    for (const { costPerHourEur } of runners) if (costPerHourEur <= index / RULES) count += 1
  }
  return count
}

/** One in ten is paused, one in twenty is full; a third has another executor. */
const runner = (index: number): Runner =>
  runnerOf({
    name: armName(index),
    executor: ['docker', 'shell', 'docker'][index % 3] as string,
    tags: ['docker', 'linux', `own-${index}`],
    paused: index % 10 === 0,
    costPerHourEur: (index % 100) / 100,
    architecture: index % 4 === 0 ? 'arm64' : 'amd64',
    gpu: index % 8 === 0 ? 'a100' : null,
    memoryGb: 2 ** (index % 7),
    zone: `zone-${index % 3}`,
    slots: 2,
    maintenance: [{ kind: 'weekly', days: [index % 7], fromMinute: 22 * 60, toMinute: 2 * 60 }],
  })

const site: SiteFacts = {
  at: NOON,
  runners: new Map(
    Array.from({ length: RUNNERS }, (_, index) => [
      armName(index),
      { lastSeenAt: NOON - (index % 30) * HOUR, running: index % 20 === 0 ? 2 : 1 },
    ]),
  ),
}

const DEMANDS: readonly SiteDemand[] = [
  { type: 'executor', allowed: null },
  { type: 'architecture', allowed: null },
  { type: 'gpu', models: ['any'] },
  { type: 'memory', atLeastGb: null },
  { type: 'zone', allowed: ['zone-1', 'zone-2'] },
  { type: 'cost_ceiling', eurPerHour: 0.9 },
  { type: 'maintenance_window' },
  { type: 'online_by_heartbeat', silentAfterMs: 24 * HOUR },
  { type: 'free_slots' },
]

/** Every fifth is a preference. */
const rule = (index: number): SiteRule => ({
  name: `rule ${index}`,
  severity: index % 5 === 4 ? 'soft' : 'hard',
  weight: 0.1,
  jobs: index % 2 === 0 ? null : ['42/*', 'crm/deploy*'],
  ...(DEMANDS[index % DEMANDS.length] as SiteDemand),
})
