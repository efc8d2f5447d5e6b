import { describe, expect, test } from 'vitest'
import type { DemoFacts } from '../../../functions/local/demo/facts.ts'
import { farewell } from '../../../functions/local/demo/farewell.ts'
import { frameOf } from '../../../functions/local/demo/frame.ts'

const START = Date.parse('2026-09-21T07:00:00Z')
const mac2 = 'Mac2 Docker Runner'
const yoga = 'Linux Yoga Docker Runner'
const offered = [mac2, yoga]

const seenJob: DemoFacts['newest'][number] = {
  project: 'crm',
  name: 'unit',
  arm: yoga,
  picks: new Map([
    ['ucb1', mac2],
    ['uniform', yoga],
  ]),
  status: 'success',
  runnerFailure: false,
  seconds: 187.4,
  finishedAt: Date.parse('2026-09-22T09:05:30Z'),
}

const facts: DemoFacts = {
  playedAt: Date.parse('2026-09-22T09:06:00Z'),
  speed: 1440,
  reachedSpeed: 1400,
  jobs: { waiting: 1, running: 17, ended: 3204 },
  learnedFrom: 3150,
  arms: [
    {
      arm: mac2,
      tag: 'mac2-docker',
      online: true,
      jobs: 1812,
      successRate: 0.934,
      medianSeconds: 41,
      meanReward: 1.314,
      rank: 1,
    },
    {
      arm: yoga,
      tag: 'linux-docker',
      online: true,
      jobs: 88,
      successRate: 0.5,
      medianSeconds: 125,
      meanReward: 0.5,
      rank: 2,
    },
    {
      arm: 'Nordic K8s Runner',
      tag: 'nordic-k8s',
      online: false,
      jobs: 0,
      successRate: null,
      medianSeconds: null,
      meanReward: null,
      rank: null,
    },
  ],
  policies: [
    {
      policy: 'ucb1',
      agreement: 0.244,
      favourites: [{ tag: 'docker-any', offered, arms: [mac2], probability: 1 }],
    },
    {
      policy: 'thompson',
      agreement: null,
      favourites: [{ tag: 'docker-any', offered, arms: [mac2], probability: 0.62 }],
    },
    {
      policy: 'uniform',
      agreement: 0.26,
      favourites: [{ tag: 'docker-any', offered, arms: offered, probability: 0.5 }],
    },
  ],
  newest: Array.from({ length: 20 }, () => seenJob),
  trouble: undefined,
  hint: 'Ctrl-C ends it.',
}

const textOf = (given: DemoFacts, size = { columns: 110, rows: 40 }) =>
  frameOf(given, size).map(({ text }) => text)
const WIDE = { columns: 120, rows: 40 }
const lineWith = (word: string, lines = textOf(facts)) => lines.find((line) => line.startsWith(word))

describe('the table of the demo', () => {
  test('says when it is, how fast time runs, and how the jobs are', () => {
    const lines = textOf(facts)
    expect(lines).toContain('It is Tue 22 Sep 2026 09:06 there; a day takes a minute.')
    expect(lines).toContain(
      '1 job waits for a runner, 17 run, 3,204 have ended; the bandit has learned from 3,150.',
    )
  })

  test('says so when this machine is too slow for the speed asked for', () => {
    expect(lineWith('It is', textOf({ ...facts, speed: 20_000, reachedSpeed: 8123.4 }, WIDE))).toBe(
      'It is Tue 22 Sep 2026 09:06 there; time runs 20,000 times as fast, of late 8,123 times: it waits for this machine.',
    )
  })

  test('has a line for each arm', () => {
    expect(lineWith('WHAT IT')).toBe(
      'WHAT IT LEARNED OF       its tag        jobs  success  usual time  reward  rank',
    )
    expect(lineWith('Mac2 D')).toBe(
      'Mac2 Docker Runner       mac2-docker   1,812     93 %        0:41    1.31     1',
    )
    expect(lineWith('Nordic')).toBe(
      'Nordic K8s Runner        nordic-k8s   offline        –           –       –     –',
    )
  })

  test('has a line for each policy: its agreement, and its favourite with the probability where it is not sure', () => {
    expect(lineWith('ucb1')).toMatch(/^ucb1 +24 % +mac2-docker$/)
    expect(lineWith('thompson')).toMatch(/^thompson +– +mac2-docker 62 %$/)
    expect(lineWith('uniform')).toMatch(/^uniform +26 % +any of 2$/)
  })

  test('lists the newest jobs: what GitLab took, how it ended, what each policy would have picked', () => {
    expect(lineWith('THE NEWEST')).toBe(
      'THE NEWEST JOBS    GitLab took  it ended     ucb1         thompson     uniform',
    )
    expect(lineWith('09:05')).toBe(
      '09:05 unit         linux-docker ok 3:07      mac2-docker  –            same',
    )
  })

  test.each([
    [{ status: 'failed' as const, seconds: 59.6 }, 'failed 1:00'],
    [{ status: 'failed' as const, runnerFailure: true }, 'runner broke'],
    [{ status: 'canceled' as const }, 'canceled'],
    [{ seconds: null }, 'ok'],
  ])('says how a job ended: %o', (words, text) => {
    const lines = textOf({ ...facts, newest: [{ ...seenJob, ...words }] })
    expect(lineWith('09:05', lines)?.slice(32, 45).trim()).toBe(text)
  })

  test('puts nothing wider than an ordinary terminal of 110 columns into its explanations', () => {
    const cut = textOf({ ...facts, newest: Array.from({ length: 2000 }, () => seenJob) }).filter((line) =>
      line.endsWith('…'),
    )
    expect(cut).toEqual([])
  })

  test.each([
    [110, 40],
    [80, 24],
    [40, 10],
    [200, 100],
  ])('fits a terminal of %d columns and %d rows', (columns, rows) => {
    const lines = textOf({ ...facts, trouble: 'a warning' }, { columns, rows })
    expect(lines.length).toBeLessThanOrEqual(rows)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
  })

  test('gives up explanations for jobs where there is little room', () => {
    const small = textOf(facts, { columns: 110, rows: 20 })
    expect(small.filter((line) => line.startsWith('09:05')).length).toBeGreaterThanOrEqual(2)
    expect(small.some((line) => line.startsWith('reward:'))).toBe(false)
    expect(small.at(-1)).toBe('Ctrl-C ends it.')
    expect(textOf(facts).filter((line) => line.startsWith('09:05'))).toHaveLength(8)
  })

  test('shows what is wrong', () => {
    expect(textOf({ ...facts, trouble: '3 warnings' })).toContain('3 warnings')
  })
})

describe('what the demo says at its end', () => {
  const run = { startsAt: START, realMs: 65_200, dataFolder: './data-demo' }

  test('tells how much was seen, and what one policy would do otherwise than GitLab', () => {
    const text = farewell(facts, run)
    expect(text).toContain(
      'You saw 1 day and 2 hours of a played GitLab in 65 seconds: 3204 jobs ended, and the bandit learned from 3150.',
    )
    expect(text).toContain(
      '\nA job for docker-any: ucb1 would give it to Mac2 Docker Runner now (mean reward 1.31);\nGitLab has given 88 jobs to Linux Yoga Docker Runner (0.50).\n',
    )
  })

  test('gives commands for the same folder', () => {
    expect(farewell(facts, run)).toContain('npx runner-bandit stats --data ./data-demo\n')
    expect(farewell(facts, { ...run, dataFolder: '/tmp/my demo' })).toContain("stats --data '/tmp/my demo'\n")
  })

  test('has nothing to compare before anything was learned', () => {
    const text = farewell({ ...facts, arms: [], policies: [], learnedFrom: 0 }, run)
    expect(text).toContain('learned from 0.\n\n')
  })
})
