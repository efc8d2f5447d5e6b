/** Checks of topics and subscriptions: those that the table of triggers needs, set as infra/ sets them. */
import type { CloudInspection, SubscriptionFacts } from '../../../shared/runtime/deps-cloud.ts'
import { isTopicRoute } from '../../../shared/runtime/handler.ts'
import { failed, ok, span, type Verdict, warning } from '../../local/doctor/check.ts'
import { routes } from '../../routes.ts'

export type Expected = {
  name: string
  topic: string
  /** Null: by Pub/Sub into this table, by nobody for the dead letters. */
  route: string | null
  table: string | null
  kinds: readonly string[]
  /** Undefined where there are no shards. */
  shard: number | undefined
  /** Whether a function may come and take its messages instead. */
  isPullable: boolean
}

export type PubsubFacts = { topics: ReadonlyMap<string, boolean>; subscriptions: ReadonlyMap<string, Found> }
type Found = SubscriptionFacts | null

const DEAD_LETTERS = 'dead-letters'
const LEARN = 'learn'
const APPLY = 'terraform -chdir=infra apply'
/** So long an outage may last until something is lost. */
const RETENTION_MS = 7 * 86_400_000

export function expectedSubscriptions(shards: number): Expected[] {
  const expected = routes.filter(isTopicRoute).flatMap(({ name, trigger, service }): Expected[] => {
    if (service === 'journal') return []
    const { topic, kinds = [] } = trigger
    const isWritten = service === 'bigquery'
    const route = isWritten ? null : name
    const table = isWritten ? topic.replaceAll('-', '_') : null
    const one = { name, topic, route, table, kinds, shard: undefined, isPullable: name === LEARN }
    if (name !== LEARN || shards === 1) return [one]
    return Array.from({ length: shards }, (_, shard) => ({ ...one, name: `${name}-${shard}`, shard }))
  })
  const letters = { topic: DEAD_LETTERS, route: null, table: null, kinds: [], shard: undefined }
  return [...expected, { name: DEAD_LETTERS, ...letters, isPullable: true }]
}

export async function gatherPubsub(
  inspection: Pick<CloudInspection, 'hasTopic' | 'subscription'>,
  shards: number,
): Promise<PubsubFacts> {
  const expected = expectedSubscriptions(shards)
  const names = [...new Set(expected.map(({ topic }) => topic))]
  const [topics, subscriptions] = await Promise.all([
    Promise.all(names.map(async (name) => [name, await inspection.hasTopic(name)] as const)),
    Promise.all(expected.map(async ({ name }) => [name, await inspection.subscription(name)] as const)),
  ])
  return { topics: new Map(topics), subscriptions: new Map(subscriptions) }
}

export function topicsVerdict({ topics }: PubsubFacts): Verdict {
  const missing = [...topics].filter(([, isThere]) => !isThere).map(([name]) => name)
  if (missing.length > 0) return failed(`missing: ${missing.join(', ')}`, APPLY)
  return ok([...topics.keys()].join(', '))
}

export function subscriptionsVerdict({ subscriptions }: PubsubFacts, shards: number): Verdict {
  const expected = expectedSubscriptions(shards)
  const of = (name: string) => subscriptions.get(name) ?? null
  const faults = expected.flatMap((one) => faultsOf(one, of(one.name)))
  const doubts = expected.flatMap((one) => doubtsOf(one, of(one.name)))
  const findings = [...faults, ...doubts].join('\n')
  if (faults.length > 0)
    return failed(findings, `${APPLY}   (topic and filter cannot be changed: such a one is deleted before)`)
  if (doubts.length > 0) return warning(findings, APPLY)
  const push = of(expected.find(({ route }) => route === LEARN)?.name ?? '')?.push
  const driver = push
    ? `finishes are pushed to ${push.endpoint} by ${push.account}`
    : 'finishes are pulled, by the schedule learn-batch'
  return ok(`${expected.length} are there; ${driver}`)
}

/** Why events of it would be lost, or not handled. */
function faultsOf(expected: Expected, found: Found): string[] {
  const { name, topic, kinds, shard } = expected
  if (found === null) return [`${name} is missing`]
  if (found.topic === null) return [`${name} reads a topic that was deleted`]
  const faults: string[] = []
  if (found.topic !== topic) faults.push(`${name} reads ${found.topic}, not ${topic}`)
  if (found.fault !== null) faults.push(`${name} delivers nothing: ${found.fault}`)
  const refused = kinds.filter((kind) => found.filter !== '' && !found.filter.includes(`"${kind}"`))
  if (refused.length > 0) faults.push(`${name} has a filter that lets no ${refused.join(', ')} pass`)
  const [, only] = /attributes\.shard\s*=\s*"(\d+)"/.exec(found.filter) ?? []
  if (only !== undefined && Number(only) !== shard)
    faults.push(`${name} takes what is of shard ${only} alone`)
  return [...faults, ...faultsOfDelivery(expected, found)]
}

function faultsOfDelivery({ name, route, table, isPullable }: Expected, found: SubscriptionFacts): string[] {
  const { push } = found
  if (table !== null) {
    return found.table?.endsWith(`.ci_metrics.${table}`)
      ? []
      : [`${name} is not written to the table ci_metrics.${table}`]
  }
  if (push === null) return isPullable ? [] : [`${name} is pushed to no function`]
  if (route === null) return [`${name} is pushed to ${push.endpoint}, so it cannot be listed`]
  const faults: string[] = []
  if (!push.endpoint.endsWith(`/push/${route}`))
    faults.push(`${name} is pushed to ${push.endpoint}, which should end with /push/${route}`)
  if (push.account === null)
    faults.push(`${name} is pushed without the token of an account, so the function refuses it`)
  return faults
}

/** What is well as long as all is well. */
function doubtsOf({ name }: Expected, found: Found): string[] {
  if (found === null || found.topic === null) return []
  const doubts: string[] = []
  if (name !== DEAD_LETTERS && found.deadLetterTopic !== DEAD_LETTERS)
    doubts.push(`${name} never gives up: it has no dead letter policy to ${DEAD_LETTERS}`)
  if (found.retentionMs < RETENTION_MS)
    doubts.push(`${name} keeps what waits for ${span(found.retentionMs)} only`)
  if (found.expiresAfterMs !== null)
    doubts.push(`${name} is deleted when nothing comes for ${span(found.expiresAfterMs)}`)
  return doubts
}
