/** A recommendation: decided from what is in memory, handed to the journal, and told as far as the project's mode says. */
import type * as z from 'zod'
import { projectNamesOf } from '../domain/decision.ts'
import { type Instant, jobKeyOf } from '../domain/event.ts'
import { type CanaryGroup, canaryGroupOf, type EffectiveMode, isRouting } from '../domain/mode.ts'
import { needsOf } from '../domain/needs.ts'
import { policyNamed } from '../domain/policies/index.ts'
import type { Policy } from '../domain/policy.ts'
import { type ChosenArm, drawArm } from '../domain/recommendation.ts'
import { seededDraws } from '../domain/rng.ts'
import { drawInCanary } from '../domain/routing.ts'
import { NO_CHOICE, type PreparedChoice } from '../schema/choice-set.ts'
import type { RecommendHead, RecommendQuery } from '../schema/recommend.ts'
import type { recommendationRow } from '../schema/rows.ts'
import { preparedChoice, type Shelf, shelfOf } from './choice-sets.ts'
import type { Deps } from './handler.ts'
import { modeInEffect } from './mode-in-effect.ts'
import { siteFactsOf } from './site-facts.ts'

export type RecommendDeps = Pick<
  Deps,
  'state' | 'bus' | 'clock' | 'rng' | 'fleet' | 'settings' | 'log' | 'documents'
>

/** Who asks beside what is asked: a job, as its id token says, or a person, who is told in every mode. */
export type Asker = { job?: { jobId: string; projectPath: string }; isPerson?: boolean }

/** A decision, and all that was known when it was made. */
export type Decided = {
  decisionId: string
  decidedAt: Instant
  query: RecommendQuery
  asker: Asker
  policy: Policy
  /** GitLab's id, if it is known. */
  projectId: number | null
  jobKey: string
  mode: EffectiveMode
  group: CanaryGroup | null
  prepared: PreparedChoice
  chosen: ChosenArm | undefined
  trouble: string | undefined
  shelf: Shelf | undefined
}

const MS_PER_SECOND = 1000

/** For what is understood it does not throw. */
export function decideRecommendation(query: RecommendQuery, asker: Asker, deps: RecommendDeps): Decided {
  const { fleet, settings, rng, clock, log } = deps
  const decisionId = rng.id()
  const policy = policyNamed(query.policy ?? settings.policyName) as Policy
  const project = fleet.projectIds.get(query.project) ?? query.project
  const jobKey = jobKeyOf(project, query.job)
  const names = projectNamesOf(project, asker.job?.projectPath ?? query.project)
  const projectId = /^\d{1,15}$/.test(String(project)) ? Number(project) : null
  const common = { decisionId, decidedAt: clock.now(), query, asker, policy, projectId, jobKey }
  let mode: EffectiveMode = { ...fleet.modes.byDefault, mode: 'advisory', wanted: 'advisory' }
  let shelf: Shelf | undefined
  try {
    mode = modeInEffect(names, deps.state.latest(), deps)
    if (mode.mode === 'off' && !asker.isPerson)
      return { ...common, mode, group: null, prepared: NO_CHOICE, chosen: undefined, trouble: OFF, shelf }
    shelf = shelfOf(deps)
    const requirements = {
      projectNames: names,
      tags: query.tags ?? null,
      refProtected: query.protected ?? null,
      jobKey,
      needs: needsOf({
        image: query.image ?? null,
        executor: query.executor ?? null,
        architecture: query.architecture ?? null,
        gpu: query.gpu ?? null,
        memoryGb: query.memory_gb ?? null,
        zone: query.zone ?? null,
      }),
    }
    const question = { policy, jobKey, requirements, all: query.all, site: siteFactsOf(deps) }
    const prepared = preparedChoice(shelf, question, deps)
    const group =
      mode.mode === 'canary'
        ? canaryGroupOf(mode.canary, String(project), query.pipeline_id ?? decisionId)
        : null
    const draw = seededDraws(decisionId)
    const { lottery } = prepared
    const chosen = group === null ? drawArm(lottery, draw) : drawInCanary(lottery, draw, mode.canary, group)
    const trouble = chosen === undefined && query.tags === undefined ? NEEDS_UNKNOWN : undefined
    return { ...common, mode, group, prepared, chosen, trouble, shelf }
  } catch (error) {
    log.error('recommendation.failed', { decision_id: decisionId, error })
    return {
      ...common,
      mode,
      group: null,
      prepared: NO_CHOICE,
      chosen: undefined,
      trouble: NO_DECISION,
      shelf,
    }
  }
}

const OFF = 'The project is in mode off: nothing is decided for it.'
const UNTOLD =
  'The project is in mode shadow: what would be recommended is recorded, and not told. Mode advisory in fleet.yaml tells.'
const NEEDS_UNKNOWN = 'It is not known what this job needs: it was not seen before, and no tags were given.'
const NO_DECISION = 'No decision could be made; the log says why.'

/** Whether the job is to carry the tag that was drawn; by what a person is told nothing runs. */
const isRouted = ({ mode, chosen, asker }: Decided) =>
  isRouting(mode.mode) && chosen !== undefined && !asker.isPerson

/** In mode off nothing is recorded, so that there is nothing to name. */
const isUndecided = ({ mode, asker }: Decided) => mode.mode === 'off' && !asker.isPerson

/** What is answered. */
export function headOf(decided: Decided, { fleet }: Pick<Deps, 'fleet'>): RecommendHead {
  const { decisionId, decidedAt, query, asker, mode, group, policy, shelf } = decided
  const isUntold = mode.mode === 'shadow' && !asker.isPerson
  const prepared = isUntold ? NO_CHOICE : decided.prepared
  const chosen = isUntold ? undefined : decided.chosen
  const trouble = isUntold ? UNTOLD : decided.trouble
  const routed = isRouted(decided)
  const ownTag = query.fallback ?? (query.tags?.length === 1 ? query.tags[0] : undefined) ?? fleet.fallbackTag
  const head: RecommendHead = {
    decision_id: isUndecided(decided) ? '' : decisionId,
    kind: 'arm',
    runner: chosen?.arm ?? null,
    tag: chosen?.tag ?? null,
    mode: mode.mode,
    routed,
    use_tag: routed ? (chosen?.tag ?? null) : (ownTag ?? null),
    policy: policy.name,
    group,
    propensity: chosen?.propensity ?? null,
    confidence: chosen?.confidence ?? null,
    choice_set_id: prepared.choiceSetId,
    feasible_count: prepared.feasibleCount,
    refused_count: prepared.refusedCount,
    state: shelf === undefined ? null : freshness(shelf, decidedAt),
    ...(mode.reason === undefined ? {} : { mode_reason: mode.reason }),
  }
  if (trouble !== undefined) return { ...head, kind: 'fallback', tag: fleet.fallbackTag, reason: trouble }
  if (chosen !== undefined) return head
  return { ...head, kind: 'none', reason: reasonOfNone(decided, fleet), relaxations: prepared.relaxations }
}

function reasonOfNone({ query, prepared }: Decided, { deadTags }: Deps['fleet']): string {
  const dead = (query.tags ?? []).filter((tag) => deadTags.has(tag)).map((tag) => ` "${tag}" is a dead tag.`)
  return `${prepared.why ?? 'No runner can take this job; "refused" says why of each.'}${dead.join('')}`
}

function freshness({ snapshot, observations }: Shelf, now: Instant): RecommendHead['state'] {
  const { generation, updatedAt } = snapshot
  const ageSeconds = updatedAt === null ? null : Math.max(0, now - updatedAt) / MS_PER_SECOND
  return { generation, age_seconds: ageSeconds, observations }
}

/** Hands the decision over, also one that is not told; its row is written out by hand, being on the way of every answer. */
export function journal(decided: Decided, { bus, log, fleet, settings }: RecommendDeps): void {
  const { decisionId, decidedAt, query, asker, policy, jobKey, mode, group, prepared, chosen, shelf } =
    decided
  if (isUndecided(decided)) return
  const kind = decided.trouble !== undefined ? 'fallback' : chosen === undefined ? 'none' : 'arm'
  const row: z.input<typeof recommendationRow> = {
    decision_id: decisionId,
    decided_at: new Date(decidedAt).toISOString(),
    kind,
    project: query.project,
    job_name: query.job,
    job_key: jobKey,
    job_tags: query.tags?.join(',') ?? null,
    policy: policy.name,
    policy_version: policy.version,
    arm: chosen?.arm ?? null,
    tag: kind === 'fallback' ? fleet.fallbackTag : (chosen?.tag ?? null),
    propensity: chosen?.propensity ?? null,
    confidence: chosen?.confidence ?? null,
    choice_set_id: prepared.choiceSetId,
    feasible_count: prepared.feasibleCount,
    reason: kind === 'arm' ? null : (decided.trouble ?? reasonOfNone(decided, fleet)),
    state_generation: shelf?.snapshot.generation ?? null,
    state_as_of_at: shelf?.stateAsOf ?? null,
    state_observations: shelf?.observations ?? null,
    project_id: decided.projectId,
    pipeline_id: query.pipeline_id === undefined ? null : Number(query.pipeline_id),
    asked_by_job_id: asker.job === undefined ? null : Number(asker.job.jobId),
    mode: mode.mode,
    routed: isRouted(decided),
    canary_share: group === null ? null : mode.canary.share,
    canary_group: group,
    instance: settings.instance,
  }
  const lost = (error: unknown) => log.error('recommendation.lost', { decision_id: decisionId, error })
  try {
    bus.publish({ topic: 'recommendations', body: row, patient: true }).catch(lost)
  } catch (error) {
    lost(error)
  }
}
