/**
 * The tags that jobs ask for, which webhooks do not carry: asked of GitLab where there is a token, all jobs of a
 * pipeline by one question, and remembered by pipeline. Not by commit: tags may hold variables, which two pipelines of one
 * commit (of a schedule, of a push, by hand) may set differently, and a child pipeline may be generated.
 *
 * Whoever decides is never kept waiting for long and never fails by it: what does not come in time stays unknown, and
 * serves the pipeline's next jobs.
 */
import { type Instant, isBulk, type JobEvent, SMOKE_PROJECT } from '../domain/event.ts'
import { InvalidInputError } from '../errors.ts'
import type { Gitlab } from '../ports.ts'
import type { Deps } from './handler.ts'

/** For all events of a batch together. */
const PATIENCE_MS = 2000
/** After GitLab did not answer, or not in time; or refused one project. */
const PAUSE_MS = 60_000
/** A pipeline that was answered for is not asked about again so soon, whatever the answer lacks. */
const ANSWERED_FOR_MS = 60_000
/** Some 200 bytes each. */
const MAX_REMEMBERED = 20_000
const MAX_AT_ONCE = 4

type TagDeps = Pick<Deps, 'gitlab' | 'clock' | 'settings' | 'log'>

type Memory = {
  gitlab: Gitlab | undefined
  tags: Map<string, readonly string[]>
  answeredAt: Map<string, Instant>
  /** By project, or '' for all. */
  pausedAt: Map<number | '', Instant>
  asking: Map<string, Promise<void>>
}

/** Of one process. */
const memories = new WeakMap<TagDeps['settings'], Memory>()

/** The events with the tags of their jobs, as far as these can be had. Does not throw. */
export async function withJobTags(
  events: readonly JobEvent[],
  deps: TagDeps,
  patienceMs = PATIENCE_MS,
): Promise<JobEvent[]> {
  const wanting = events.filter(wantsTags)
  if (wanting.length === 0) return [...events]
  const memory = memoryOf(deps)
  const pipelines = new Map<string, JobEvent>()
  for (const event of wanting) {
    const isPlayed = event.source === 'synthetic'
    if (!isPlayed && !memory.tags.has(keyOf(event))) pipelines.set(pipelineOf(event), event)
  }
  if (pipelines.size > 0 && deps.settings.gitlabApiToken !== undefined) {
    const isInTime = await within(patienceMs, ask([...pipelines.values()], memory, deps))
    if (!isInTime) pause(memory, '', deps, `no answer within ${patienceMs} ms`)
  }
  return events.map((event) => {
    const jobTags = wantsTags(event) ? memory.tags.get(keyOf(event)) : undefined
    return jobTags === undefined ? event : { ...event, jobTags }
  })
}

/** A job whose tags are known without asking. */
export type TaggedJob = Pick<JobEvent, 'projectId' | 'pipelineId' | 'jobName'> & { tags: readonly string[] }

/** For a played GitLab, which has no API that could be asked. */
export function rememberJobTags(jobs: readonly TaggedJob[], deps: TagDeps): void {
  const memory = memoryOf(deps)
  for (const job of jobs) remember(memory.tags, keyOf(job), [...new Set(job.tags)].sort())
}

/** Of files there is nobody to ask, nor of the jobs of a smoke test. */
function wantsTags({ jobTags, pipelineId, source, projectPath }: JobEvent): boolean {
  return jobTags === null && pipelineId !== null && !isBulk(source) && projectPath !== SMOKE_PROJECT
}

/** Of a job in a pipeline, all its tries. */
const keyOf = (event: Pick<JobEvent, 'projectId' | 'pipelineId' | 'jobName'>) =>
  JSON.stringify([pipelineOf(event), event.jobName])

const pipelineOf = ({ projectId, pipelineId }: Pick<JobEvent, 'projectId' | 'pipelineId'>) =>
  `${projectId}/${pipelineId}`

/** A few at a time; nobody is asked again while asked, or in a pause. */
async function ask(pipelines: readonly JobEvent[], memory: Memory, deps: TagDeps): Promise<void> {
  const waiting = [...pipelines]
  const one = async (): Promise<void> => {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      if (!isPaused(event, memory, deps))
        await (memory.asking.get(pipelineOf(event)) ?? question(event, memory, deps))
    }
  }
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, one))
}

function question(event: JobEvent, memory: Memory, deps: TagDeps): Promise<void> {
  memory.gitlab ??= deps.gitlab()
  const pipeline = pipelineOf(event)
  const isAnswered = isRecent(memory.answeredAt.get(pipeline), deps.clock.now(), ANSWERED_FOR_MS)
  if (isAnswered || memory.asking.size >= MAX_AT_ONCE) return Promise.resolve()
  const asking = answer(event, memory.gitlab, memory.tags)
    .then(() => remember(memory.answeredAt, pipeline, deps.clock.now()))
    .catch((error: unknown) => {
      // GitLab's no is about one project; its silence is about all.
      pause(memory, error instanceof InvalidInputError ? event.projectId : '', deps, error)
    })
    .finally(() => memory.asking.delete(pipeline))
  memory.asking.set(pipeline, asking)
  return asking
}

function isPaused({ projectId }: JobEvent, { pausedAt }: Memory, { clock }: TagDeps): boolean {
  const now = clock.now()
  return isRecent(pausedAt.get(''), now) || isRecent(pausedAt.get(projectId), now)
}

async function answer(event: JobEvent, gitlab: Gitlab, tags: Memory['tags']): Promise<void> {
  const { projectId, pipelineId } = event
  for (const { name, tag_list: list } of await gitlab.pipelineJobs(projectId, pipelineId as number)) {
    if (typeof name !== 'string' || !Array.isArray(list)) continue
    if (!list.every((tag) => typeof tag === 'string')) continue
    remember(tags, keyOf({ ...event, jobName: name }), [...new Set<string>(list)].sort())
  }
}

/** Whether it has come by then; if not, it may come later. */
async function within(patienceMs: number, asked: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, patienceMs, false)
  })
  const isInTime = await Promise.race([asked.then(() => true), patience])
  clearTimeout(timer)
  return isInTime
}

function pause(memory: Memory, whom: number | '', { clock, log }: TagDeps, error: unknown): void {
  const now = clock.now()
  if (!isRecent(memory.pausedAt.get(whom), now)) {
    log.warning('job_tags.unavailable', {
      ...(whom === '' ? {} : { project_id: whom }),
      pause_seconds: PAUSE_MS / 1000,
      error,
    })
  }
  remember(memory.pausedAt, whom, now)
}

/** A clock that was set back ends a pause rather than making it long. */
function isRecent(at: Instant | undefined, now: Instant, withinMs = PAUSE_MS): boolean {
  return at !== undefined && now >= at && now - at < withinMs
}

/** Forgets what was remembered first, when there is too much. */
function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= MAX_REMEMBERED) return
  const [oldest] = map.keys()
  map.delete(oldest as Key)
}

function memoryOf({ settings }: TagDeps): Memory {
  let memory = memories.get(settings)
  if (memory === undefined) {
    memory = {
      gitlab: undefined,
      tags: new Map(),
      answeredAt: new Map(),
      pausedAt: new Map(),
      asking: new Map(),
    }
    memories.set(settings, memory)
  }
  return memory
}
