/** An explanation as a paragraph for a colleague who has not read the manual. */
import type { RecordedDecision, RecordedOutcome, Statistics } from './explanation.ts'
import { counted, duration, figure, grouped, listed, moment, percent } from './explanation-figures.ts'
import {
  type Refused,
  refusalsInShort,
  refusedCount,
  relaxationsOfRecord,
  ruleInWords,
} from './explanation-refusals.ts'
import { chanceSentences, rankingSentences } from './explanation-why.ts'

/** What a policy does, said behind its name. */
const POLICIES: Readonly<Record<string, readonly [name: string, does: string]>> = {
  ucb1: ['UCB1', 'the best mean reward, with a bonus for runners that are little known'],
  'ucb1-tuned': [
    'UCB1-Tuned',
    'the best mean reward, with a bonus for runners that are little known or of which rewards vary',
  ],
  thompson: ['Thompson sampling', 'each runner as often as it is likely to be the best'],
  greedy: ['The pessimist "greedy"', 'the best mean reward that is sure'],
  uniform: ['The policy "uniform"', 'every runner alike, by chance'],
}

/** By their names; of more only their number is told. */
const MOST_NAMED = 3

const policyName = (policy: string): string => POLICIES[policy]?.[0] ?? `The policy "${policy}"`

export function textOf(
  decision: RecordedDecision,
  statistics: Statistics,
  outcome: RecordedOutcome | null,
): string {
  const found = decision.result === 'arm'
  return [
    headline(decision, outcome),
    offered(decision),
    ...(decision.result === 'none' ? relaxationSentences(decision.refused) : []),
    ...(found ? rankingSentences(decision, statistics) : []),
    ...(found ? chanceSentences(decision) : []),
    ...(found ? sureness(decision) : []),
    modeSentence(decision),
    ...outcomeSentences(decision, outcome),
  ]
    .filter((sentence) => sentence !== undefined && sentence !== '')
    .join(' ')
}

function headline(decision: RecordedDecision, outcome: RecordedOutcome | null): string {
  const { kind, policy, arm, tag, result, reason, decidedLate } = decision
  const [name, does] = [policyName(policy), POLICIES[policy]?.[1]]
  const who = does === undefined ? name : `${name} (${does})`
  const job = `${decision.project}/${decision.jobName}`
  const when = moment(decision.decidedAt)
  if (result === 'untold') return `What was recommended for ${job} on ${when} is ${reason}.`
  if (result === 'fallback') {
    const given = tag === null ? '' : `, so it was given the fallback tag ${tag}`
    return `No runner was picked for ${job} on ${when}${given}.${reason === null ? '' : ` ${reason}`}`
  }
  if (kind === 'shadow') {
    const known = decidedLate
      ? `From what was known when it ended, its own outcome left out,`
      : `When it started,`
    const id = decision.jobId === null ? '' : `, job ${decision.jobId}`
    const pick = arm === null ? 'no runner could be picked' : `${who} would have picked ${arm}`
    return `${job}${id}, was decided on in the shadow, on ${when}: nobody acted on it. ${known} ${pick}.`
  }
  if (result === 'none') {
    return `No runner could be picked for ${job} on ${when}.${reason === null ? '' : ` ${reason}`}`
  }
  const asked = outcome === null ? '' : ` (job ${outcome.jobId})`
  return `${who} picked ${arm} for ${job}${asked} on ${when}.`
}

/** How many could be chosen from, and why not the others. */
function offered({ feasible, refused, jobTags, result, isSetKnown }: RecordedDecision): string | undefined {
  if (!isSetKnown) {
    return result === 'fallback' || result === 'untold'
      ? undefined
      : 'What could be chosen from is not written, or not yet.'
  }
  const refusals = refusedCount(refused)
  const known = feasible.length + refusals
  if (known === 0) return result === 'none' ? 'No runner is known.' : undefined
  const why = refusals === 0 ? '' : ` (${refusalsInShort(refused, jobTags)})`
  if (feasible.length === 0)
    return known === 1
      ? `The only runner was refused${why}.`
      : `All ${counted(known, 'runner')} were refused${why}.`
  if (refusals === 0) {
    return known === 1 ? 'It is the only runner.' : `All ${counted(known, 'runner')} could take it.`
  }
  const some = feasible.length === 1 ? 'only 1' : grouped(feasible.length)
  return `Of ${counted(known, 'runner')} ${some} could take it${why}.`
}

/** The least that would have to be otherwise. */
function relaxationSentences(refused: Refused): string[] {
  const [least] = relaxationsOfRecord(refused)
  if (least === undefined) return []
  const { lifted, arms } = least
  const rules = listed(lifted.map(ruleInWords))
  const who = arms.length > MOST_NAMED ? counted(arms.length, 'runner') : listed(arms)
  return [`But for ${rules} ${who} could have taken it.`]
}

function sureness({ confidence, feasible }: RecordedDecision): string[] {
  if (confidence === null || feasible.length < 2) return []
  return [`From what was known then, the probability that it is the best of them is ${percent(confidence)}.`]
}

function modeSentence({ mode, routed, tag, canary, result }: RecordedDecision): string | undefined {
  if (mode === null || result !== 'arm') return undefined
  const sent = routed === true && tag !== null ? `the job was told to carry the tag ${tag}` : undefined
  if (canary !== null) {
    const share = canary.share === null ? 'a share' : percent(canary.share)
    const group = canary.group === 'uniform' ? 'the runner was drawn by chance' : 'the policy chose'
    return `Answered in mode canary, in which the policy chooses for ${share} of the pipelines and chance for the others, as a control; here ${group}${sent === undefined ? '' : `, and ${sent}`}.`
  }
  const kept = mode === 'shadow' ? 'the pick was recorded and not told' : 'the job was to keep its own tag'
  return `Answered in mode ${mode}: ${sent ?? kept}.`
}

function outcomeSentences(decision: RecordedDecision, outcome: RecordedOutcome | null): string[] {
  if (outcome === null) return ['What became of the job is not known, or not yet.']
  const { runner, wasPick, status, wasRouted } = outcome
  const on = `It ran on ${runner ?? 'no runner that is known'}`
  const pick = wasPick === null ? '' : wasPick ? ', the pick' : ', which was not the pick'
  const sent =
    decision.kind === 'recommendation' && wasRouted && wasPick === false ? ' although it was sent there' : ''
  const ended = status === null ? 'and has not ended, as far as is known' : endOf(outcome)
  return [`${on}${pick}${sent}, ${ended}.`, ...othersSentence(decision, outcome)]
}

function endOf({ status, durationSeconds, reward, failureReason }: RecordedOutcome): string {
  const time =
    durationSeconds === null ? '' : ` ${status === 'success' ? 'in' : 'after'} ${duration(durationSeconds)}`
  const worth = reward === null ? '' : `, which is a reward of ${figure(reward)}`
  const reason = failureReason === null ? '' : ` (${failureReason})`
  const verb = status === 'success' ? 'succeeded' : status === 'failed' ? 'failed' : 'was canceled'
  return `and ${verb}${time}${reason}${worth}`
}

/** What the others would have picked; those who agree are named together. */
function othersSentence({ kind, policy }: RecordedDecision, { others }: RecordedOutcome): string[] {
  const byArm = new Map<string, string[]>()
  for (const other of others) {
    if (other.arm === null) continue
    if (kind === 'shadow' && other.set === 'feasible' && other.policy === policy) continue
    const name = other.set === 'known' ? `${other.policy} with every rule ignored` : other.policy
    byArm.set(other.arm, [...(byArm.get(other.arm) ?? []), name])
  }
  if (byArm.size === 0) return []
  const picks = [...byArm].map(([arm, names]) => `${arm} (${names.join(', ')})`)
  const who =
    kind === 'shadow'
      ? 'Other ways to choose would have picked'
      : 'In the shadow of the job the policies picked'
  return [`${who}: ${picks.join('; ')}.`]
}
