/** What the demo shows, as lines of text that fit a screen. */
import type { ArmFacts, DemoFacts, PolicyFacts } from './facts.ts'
import type { SeenJob } from './tally.ts'

export type Line = { text: string; look: 'plain' | 'bold' | 'faint' }
export type Size = { columns: number; rows: number }

const MOST_JOBS = 8
const FEWEST_JOBS = 2
const DAY_A_MINUTE = 1440
/** Below this share of the speed asked for, the reached one is told. */
const SLOW = 0.9

const plain = (text = ''): Line => ({ text, look: 'plain' })
const bold = (text: string): Line => ({ text, look: 'bold' })
const faint = (text: string): Line => ({ text, look: 'faint' })

/** Where there is no room for all, jobs give way first, then explanations; what is still too much is cut off. */
export function frameOf(facts: DemoFacts, { columns, rows }: Size): Line[] {
  const lines = [true, false].flatMap((explain) => {
    const room = rows - layOut(facts, 0, explain).length
    return room >= FEWEST_JOBS || !explain ? [layOut(facts, Math.min(MOST_JOBS, room), explain)] : []
  })[0] as Line[]
  return lines.slice(0, rows).map(({ text, look }) => ({ text: cut(text, columns), look }))
}

function layOut(facts: DemoFacts, mostJobs: number, explain: boolean): Line[] {
  const why = (...lines: string[]) => (explain ? lines.map(faint) : [])
  const names = facts.policies.map(({ policy }) => policy)
  const tags = facts.policies[0]?.favourites.map(({ tag }) => `for ${tag}`) ?? []
  const tagOf = new Map(facts.arms.map(({ arm, tag }) => [arm, tag]))
  const newest = mostJobs <= 0 ? [] : facts.newest.slice(-mostJobs).reverse()
  const emptyRows = Math.max(0, mostJobs - newest.length)
  return [
    bold('Runner Bandit demo: a made-up GitLab sends the webhooks of its jobs to this server.'),
    ...why(
      'GitLab gives a job to whichever runner asks first. Runner Bandit looks on, learns from how jobs end which',
      'runner is fast and reliable, and notes for each job which one it would have picked. It changes nothing.',
      '',
    ),
    plain(paceOf(facts)),
    plain(countsOf(facts)),
    ...why(''),
    bold(row(ARMS, 'WHAT IT LEARNED OF', 'its tag', 'jobs', 'success', 'usual time', 'reward', 'rank')),
    ...facts.arms.map((arm) => plain(row(ARMS, ...armCells(arm)))),
    ...why(
      'reward: 5 for a success in 6 seconds, 0.9 in a minute, 0 for a failure. rank: by UCB1; 1 is the best bet.',
      '',
    ),
    bold(row(PICKS, 'POLICY', 'as GitLab*', 'would pick', '', ...tags)),
    ...facts.policies.map((policy) => plain(row(PICKS, ...policyCells(policy, tagOf)))),
    ...why(
      `* of the newest ${grouped(facts.newest.length)} jobs, how many it would give to the same runner; at first few others are known to fit.`,
      '  To agree is no merit: a policy helps where it rightly disagrees. Which is better cannot be read off this.',
      '',
      'Under each policy, what it would have picked for that job: another runner, by its tag, or the same.',
    ),
    bold(row(JOBS, 'THE NEWEST JOBS', 'GitLab took', 'it ended', ...names)),
    ...newest.map((job) => plain(row(JOBS, ...jobCells(job, names, tagOf)))),
    ...Array.from({ length: emptyRows }, () => plain()),
    ...[facts.trouble, facts.hint].flatMap((text) => (text === undefined ? [] : [bold(text)])),
  ]
}

function paceOf({ playedAt, speed, reachedSpeed }: DemoFacts): string {
  const pace = speed === DAY_A_MINUTE ? 'a day takes a minute' : `time runs ${grouped(speed)} times as fast`
  const slow = `, of late ${grouped(reachedSpeed)} times: it waits for this machine`
  return `It is ${dayText(playedAt)} there; ${pace}${reachedSpeed < SLOW * speed ? slow : ''}.`
}

function countsOf({ jobs: { waiting, running, ended }, learnedFrom }: DemoFacts): string {
  const waits = `${waiting} ${waiting === 1 ? 'job waits' : 'jobs wait'} for a runner`
  const taught = `the bandit has learned from ${grouped(learnedFrom)}`
  return `${waits}, ${running} run, ${grouped(ended)} have ended; ${taught}.`
}

/** Widths of columns; a negative one is of numbers, which stand to the right. */
const ARMS = [25, 13, -6, -9, -12, -8, -6]
const PICKS = [11, -10, -15, 2, 18, 18, 18]
const JOBS = [19, 13, 13, 13, 13, 13, 13, 13]

function armCells({
  arm,
  tag,
  online,
  jobs,
  successRate,
  medianSeconds,
  meanReward,
  rank,
}: ArmFacts): string[] {
  const untried = online ? 'none' : 'offline'
  return [
    arm,
    tag,
    jobs === 0 ? untried : grouped(jobs),
    percent(successRate),
    medianSeconds === null ? '–' : span(medianSeconds),
    meanReward?.toFixed(2) ?? '–',
    rank === null ? '–' : String(rank),
  ]
}

function policyCells(
  { policy, agreement, favourites }: PolicyFacts,
  tagOf: ReadonlyMap<string, string>,
): string[] {
  const cells = favourites.map(({ arms, probability }) => {
    const [arm] = arms
    if (arm === undefined) return '–'
    if (arms.length > 1) return `any of ${arms.length}`
    const name = tagOf.get(arm) ?? arm
    return probability === 1 ? name : `${name} ${percent(probability)}`
  })
  return [policy, percent(agreement), '', '', ...cells]
}

function jobCells(job: SeenJob, policies: readonly string[], tagOf: ReadonlyMap<string, string>): string[] {
  const nameOf = (arm: string | null | undefined) => (arm == null ? '–' : (tagOf.get(arm) ?? arm))
  const picks = policies.map((policy) => {
    const pick = job.picks.get(policy)
    return pick !== null && pick === job.arm ? 'same' : nameOf(pick)
  })
  return [`${clockText(job.finishedAt)} ${job.name}`, nameOf(job.arm), endText(job), ...picks]
}

function endText({ status, runnerFailure, seconds }: SeenJob): string {
  if (runnerFailure) return 'runner broke'
  const word = status === 'success' ? 'ok' : status
  return seconds === null || status === 'canceled' ? word : `${word} ${span(seconds)}`
}

function row(widths: readonly number[], ...cells: string[]): string {
  return cells
    .map((cell, index) => {
      const width = widths[index] ?? 13
      return width < 0 ? cell.padStart(-width) : cut(cell, width - 1).padEnd(width)
    })
    .join('')
    .trimEnd()
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}

/** "3:07": minutes and seconds. */
function span(seconds: number): string {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

function percent(share: number | null): string {
  return share === null ? '–' : `${Math.round(share * 100)} %`
}

function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** "Mon 28 Sep 2026 10:42" */
function dayText(at: number): string {
  const [weekday = '', day, month, year] = new Date(at).toUTCString().split(' ')
  return `${weekday.replace(',', '')} ${Number(day)} ${month} ${year} ${clockText(at)}`
}

function clockText(at: number): string {
  return new Date(at).toISOString().slice(11, 16)
}
