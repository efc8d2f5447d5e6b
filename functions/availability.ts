/**
 * availability: whether there is anyone to take a tag's jobs, as the last look at the fleet found it, and how old that is.
 *
 * Trigger: GET /availability, with the API's token or a job's id token. Reads: the document `availability`. Parameters:
 * `tag`, again and again or joined by commas; `format=dotenv` for a GitLab report.
 */
import { runnersOf, STALE_AFTER_MS, watchedTags } from '../shared/domain/availability.ts'
import type { Fleet } from '../shared/domain/fleet.ts'
import { isOpen, spentOf } from '../shared/domain/ledger.ts'
import { InvalidInputError } from '../shared/errors.ts'
import { callerOf } from '../shared/runtime/ci-callers.ts'
import { refuseWithoutApiToken } from '../shared/runtime/credentials.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import { type AvailabilityDocument, readAvailability } from '../shared/schema/availability.ts'

type AvailabilityDeps = Pick<Deps, 'clock' | 'documents' | 'fleet' | 'settings'>

const MAX_TAGS = 100

export async function availability(
  { headers, query }: HttpRequest,
  deps: AvailabilityDeps & Pick<Deps, 'idTokens' | 'log'>,
): Promise<HttpResponse> {
  const { refusal } = await callerOf(headers, deps, () => refuseWithoutApiToken(headers, deps.settings))
  if (refusal !== undefined) return refusal
  const unknown = [...query.keys()].filter((key) => key !== 'tag' && key !== 'format')
  if (unknown.length > 0)
    throw new InvalidInputError(`availability: there is no parameter ${unknown.join(', ')}`)
  const format = query.get('format')
  if (format !== null && format !== 'dotenv')
    throw new InvalidInputError('availability: format is dotenv, or left out')
  const asked = query.getAll('tag').flatMap((tags) => tags.split(',').filter((tag) => tag !== ''))
  if (asked.length > MAX_TAGS) throw new InvalidInputError(`availability: at most ${MAX_TAGS} tags`)
  const report = await gatherAvailability({ tags: asked }, deps)
  return { status: 200, body: format === 'dotenv' ? dotenvOf(report) : report }
}

export type AvailabilityReport = Awaited<ReturnType<typeof gatherAvailability>>

/** The same for the command line. @param tags none for all that are watched. */
export async function gatherAvailability(
  { tags: asked }: { tags: readonly string[] },
  { clock, documents, fleet, settings }: AvailabilityDeps,
) {
  const document = readAvailability((await documents.read('availability')).value)
  const ageMs = document.observedAt === null ? null : Math.max(0, clock.now() - document.observedAt)
  const watched = watchedTags(fleet)
  const tags = asked.length > 0 ? [...new Set(asked)] : watched
  return {
    observed_at: isoOf(document.observedAt),
    age_seconds: ageMs === null ? null : Math.round(ageMs / 1000),
    stale: ageMs === null || ageMs > STALE_AFTER_MS,
    problem: document.problem,
    tags: tags.map((tag) => toldOf(tag, document) ?? unknownOf(tag, watched, fleet)),
    machines: document.machines,
    starting: {
      enabled: fleet.availability.start,
      /** Where there is no cloud machines are made up: nothing is really started, and nothing is paid. */
      played: settings.cloud === undefined,
      starts_24h: document.ledger.runs.filter(({ askedMs }) => document.ledger.clockMs - askedMs < 86_400_000)
        .length,
      max_starts_per_day: fleet.availability.maxStartsPerDay,
      eur_24h: Math.round(spentOf(document.ledger) * 10_000) / 10_000,
      max_eur_per_day: fleet.availability.maxEurPerDay,
      started: document.ledger.runs.filter(isOpen).map(({ machine, at, stop }) => ({
        machine,
        at: isoOf(at),
        stopping: stop !== null,
      })),
      withheld: document.withheld,
    },
  }
}

function toldOf(tag: string, { tags }: AvailabilityDocument) {
  const known = tags.find((one) => one.tag === tag)
  if (known === undefined) return undefined
  const {
    status,
    since,
    reason,
    lastSeenAt,
    oldestWaitSeconds,
    waiting,
    runners,
    silent,
    running,
    machines,
  } = known
  const evidence = {
    waiting_jobs: waiting,
    oldest_wait_seconds: oldestWaitSeconds,
    last_seen_at: isoOf(lastSeenAt),
    runners,
    silent_runners: silent,
    running_jobs: running,
    machines,
  }
  return { tag, status, since: isoOf(since), reason, evidence }
}

function unknownOf(tag: string, watched: readonly string[], fleet: Fleet) {
  const isCarried = runnersOf(fleet).some(({ tags }) => tags.has(tag))
  const unwatched = isCarried
    ? 'It is not watched: name it in availability.tags of fleet.yaml.'
    : 'It is not watched, and no runner of fleet.yaml carries it.'
  const reason = watched.includes(tag) ? 'It was not looked at yet.' : unwatched
  return { tag, status: 'unknown' as const, since: null, reason, evidence: null }
}

/** One line a tag. What is stale is unknown: a report has no place for an age. */
function dotenvOf({ tags, stale }: AvailabilityReport): string {
  const lines = tags.map(({ tag, status }) => `MAB_AVAILABLE_${nameOf(tag)}=${stale ? 'unknown' : status}`)
  return [...new Set(lines), ''].join('\n')
}

/** As variables are named. Two tags that differ in other characters alone share a name. */
const nameOf = (tag: string) =>
  // By bytes and of ASCII alone, as the `tr` of a job's shell does it.
  Buffer.from(tag, 'utf8')
    .toString('latin1')
    .replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())
    .replaceAll(/[^A-Z0-9]/g, '_')

const isoOf = (at: number | null) => (at === null ? null : new Date(at).toISOString())
