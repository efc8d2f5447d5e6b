/** Site rules as constraints: the same shape as GitLab's clauses, so that they are judged, named and lifted alike. */
import { type Constraint, type Demand, type JobRequirements, quote } from './constraint.ts'
import type { Instant } from './event.ts'
import { isInMaintenance } from './maintenance.ts'
import type { SiteFacts, SiteNeeds, SiteRule } from './site-rule.ts'

const MS_PER_MINUTE = 60_000

/** The constraint that a rule is, whether it filters or is only preferred. */
export function constraintOf(rule: SiteRule): Constraint {
  const isForJob = jobFilterOf(rule.jobs)
  const demandOf: Constraint['demandOf'] = (job, site) =>
    isForJob(job) ? demandOfRule(rule, job.needs, site) : undefined
  return { code: `rule:${rule.name}`, ofPool: ONE_IS_ENOUGH.has(rule.type) ? 'one' : 'each', demandOf }
}

/** A runner that is silent or full does not ask GitLab for the job, so that another of its pool takes it. */
const ONE_IS_ENOUGH: ReadonlySet<SiteRule['type']> = new Set(['online_by_heartbeat', 'free_slots'])

function demandOfRule(rule: SiteRule, needs: SiteNeeds | undefined, site?: SiteFacts): Demand | undefined {
  const asks = `the rule ${quote(rule.name)} asks for`
  switch (rule.type) {
    case 'executor':
      return oneOf('executor', rule.allowed, needs?.executors, asks)
    case 'architecture':
      return oneOf('architecture', rule.allowed, listed(needs?.architecture), asks)
    case 'zone':
      return oneOf('zone', rule.allowed, listed(needs?.zone), asks)
    case 'gpu':
      return gpuDemand(rule.models, needs?.gpu ?? null, asks)
    case 'memory': {
      const leastGb = rule.atLeastGb ?? needs?.memoryGb ?? null
      if (leastGb === null) return undefined
      return {
        trait: 'memoryGb',
        isMetBy: ({ memoryGb }) => memoryGb === null || memoryGb >= leastGb,
        sentence: ({ name, memoryGb }) => `${name} has ${memoryGb} GB of memory, and ${asks} ${leastGb} GB.`,
      }
    }
    case 'cost_ceiling':
      return {
        trait: 'costPerHourEur',
        isMetBy: ({ costPerHourEur }) => costPerHourEur <= rule.eurPerHour,
        sentence: ({ name, costPerHourEur }) =>
          `${name} costs ${costPerHourEur} EUR an hour, and ${asks} at most ${rule.eurPerHour}.`,
      }
    case 'maintenance_window':
      return site === undefined
        ? undefined
        : {
            trait: 'maintenance',
            isMetBy: ({ maintenance }) => !isInMaintenance(maintenance, site.at),
            sentence: ({ name }) => `${name} is in a maintenance window, and ${asks} one that is not.`,
          }
    case 'online_by_heartbeat':
      return site === undefined ? undefined : heartbeatDemand(site.at, rule.silentAfterMs, asks)
    case 'free_slots':
      return site === undefined ? undefined : slotsDemand(asks)
  }
}

/** What the rule allows, else what the job needs; undefined when neither says anything. */
function oneOf(
  trait: 'executor' | 'architecture' | 'zone',
  allowed: readonly string[] | null,
  needed: readonly string[] | null | undefined,
  asks: string,
): Demand | undefined {
  const wanted = allowed ?? needed ?? null
  if (wanted === null) return undefined
  const others = `${asks} ${orOf(wanted)}`
  return {
    trait,
    isMetBy({ [trait]: value }) {
      return value === null || wanted.includes(value)
    },
    sentence: ({ name, [trait]: value }) => `${name} has the ${trait} ${quote(value ?? '')}, and ${others}.`,
  }
}

/** A runner of "none" is known to have no GPU; of one that says nothing it is not known. */
function gpuDemand(
  models: readonly string[] | null,
  needed: string | null,
  asks: string,
): Demand | undefined {
  const wanted = models ?? (needed === null ? null : [needed])
  if (wanted === null) return undefined
  return {
    trait: 'gpu',
    isMetBy: ({ gpu }) => gpu === null || wanted.includes(gpu) || (gpu !== 'none' && wanted.includes('any')),
    sentence: ({ name, gpu }) =>
      `${name} has ${gpu === 'none' ? 'no GPU' : `the GPU ${quote(gpu ?? '')}`}, and ${asks} ${orOf(wanted)}.`,
  }
}

function heartbeatDemand(at: Instant, silentAfterMs: number, asks: string): Demand {
  return {
    trait: 'facts',
    isMetBy(_, facts) {
      const lastSeenAt = facts?.lastSeenAt ?? null
      return lastSeenAt === null || at - lastSeenAt <= silentAfterMs
    },
    sentence({ name }, facts) {
      const silentMs = at - (facts?.lastSeenAt ?? at)
      return `${name} was last seen ${duration(silentMs)} ago, and ${asks} at most ${duration(silentAfterMs)}.`
    },
  }
}

/** So many of the largest unit that there are at least ten hours or four days of; rounded down. */
function duration(ms: number): string {
  const minutes = ms / MS_PER_MINUTE
  const seconds = Math.floor(ms / 1000)
  if (minutes < 2) return `${seconds} second${seconds === 1 ? '' : 's'}`
  if (minutes < 600) return `${Math.floor(minutes)} minutes`
  const hours = Math.floor(minutes / 60)
  return hours < 96 ? `${hours} hours` : `${Math.floor(hours / 24)} days`
}

function slotsDemand(asks: string): Demand {
  return {
    trait: 'facts',
    isMetBy({ slots }, facts) {
      const running = facts?.running ?? null
      return slots === null || running === null || running < slots
    },
    sentence: ({ name, slots }, facts) =>
      `${name} runs ${facts?.running} jobs in ${slots} slots, and ${asks} a free one.`,
  }
}

/** What the verdicts of rules depend on beside runner and job: what was judged may be kept as long as it is the same. */
export type Outlook = {
  looksAtTime: boolean
  looksAtFacts: boolean
  /** One per rule that is for some jobs only: whether it is for this one. */
  areFor: readonly ((job: JobRequirements) => boolean)[]
}

export function outlookOf(rules: readonly SiteRule[]): Outlook {
  const some = (...types: SiteRule['type'][]) => rules.some(({ type }) => types.includes(type))
  return {
    looksAtTime: some('maintenance_window', 'online_by_heartbeat'),
    looksAtFacts: some('online_by_heartbeat', 'free_slots'),
    areFor: rules.flatMap(({ jobs }) => (jobs === null ? [] : [jobFilterOf(jobs)])),
  }
}

/** Whether the rule is for a job; one of which the key is not known is for none that names keys. */
function jobFilterOf(globs: readonly string[] | null): (job: JobRequirements) => boolean {
  if (globs === null) return () => true
  const patterns = globs.map(patternOf)
  return (job) => jobKeysOf(job).some((key) => patterns.some((pattern) => pattern.test(key)))
}

/** A job key begins with a name of the project, its id as a rule; a glob may say it by any other. */
function jobKeysOf({ jobKey, projectNames }: JobRequirements): string[] {
  if (jobKey === undefined) return []
  const project = projectNames.find((name) => jobKey.startsWith(`${name}/`))
  if (project === undefined) return [jobKey]
  const job = jobKey.slice(project.length)
  return [jobKey, ...projectNames.map((name) => `${name}${job}`)]
}

function patternOf(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's')
}

function listed(value: string | null | undefined): readonly string[] | null {
  return value == null ? null : [value]
}

function orOf(values: readonly string[]): string {
  return values.map(quote).join(' or ')
}
