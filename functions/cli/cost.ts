/** cost: what the cloud would cost, by a model of prices; it asks nobody and needs no settings. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Cost, costOf, DEFAULTS, type Deployment } from '../../shared/domain/cost.ts'
import { PRICES } from '../../shared/domain/cost-prices.ts'
import { ASSUMED } from '../../shared/domain/cost-usage.ts'
import { grouped, rows } from '../local/say.ts'

/** A fleet that hardly runs, and one that keeps every instance full: jobs a day. */
const EXTREMES = [
  ['a trickle', 100],
  ['saturated', 20_000_000],
] as const

/** What a design may cost of what it must. */
const TARGET_RATIO = 1.1

type Options = {
  jobsPerDay: number
  driver: 'push' | 'pull'
  shards: number
  recommendationsPerJob: number
  eventBytes: number
  stateBytes: number
  readyInstances: number
  loadBalancer?: true
}

export function addCost(program: Command): void {
  const number = (flag: string, text: string, value: number, parse = notNegative) =>
    new Option(flag, text).default(value).argParser(parse)
  program
    .command('cost')
    .description('Say what running on Google Cloud would cost a month, with the assumptions.')
    .addOption(
      new Option('--jobs-per-day <n>', 'jobs that end in a day').argParser(positive).makeOptionMandatory(),
    )
    .addOption(
      new Option('--driver <driver>', 'how finishes reach the state')
        .choices(['push', 'pull'])
        .default(DEFAULTS.driver),
    )
    .addOption(
      number('--shards <n>', 'objects that the state is divided into', DEFAULTS.shards, wholePositive),
    )
    .addOption(
      number('--recommendations-per-job <n>', 'how often a job asks', DEFAULTS.recommendationsPerJob),
    )
    .addOption(number('--event-bytes <n>', 'bytes of an event on the bus', DEFAULTS.eventBytes, positive))
    .addOption(number('--state-bytes <n>', 'bytes of one object of the state', DEFAULTS.stateBytes, positive))
    .addOption(
      number('--ready-instances <n>', 'instances of recommend that are kept ready', DEFAULTS.readyInstances),
    )
    .option('--load-balancer', 'with one base URL for all functions')
    .action((options: Options, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const deployment = { ...DEFAULTS, ...options, loadBalancer: options.loadBalancer ?? false }
      const cost = costOf(deployment)
      console.log(
        json ? JSON.stringify({ ...cost, deployment, assumed: ASSUMED }, null, 2) : said(deployment, cost),
      )
    })
}

/** The whole answer, for a terminal. */
export function said(deployment: Deployment, cost: Cost): string {
  const { jobsPerDay, driver, shards, logDays } = deployment
  const lines = cost.lines.map(({ meter, what, units, usd }) => ({
    service: PRICES[meter].service,
    item: PRICES[meter].item,
    for: what,
    units: grouped(Math.ceil(units)),
    usd: usd.toFixed(2),
  }))
  const compared = [['these jobs', jobsPerDay] as const, ...EXTREMES].map(([name, jobs]) => {
    const { usd, floorUsd, ratio } = costOf({ ...deployment, jobsPerDay: jobs }).perMillionWebhooks
    return {
      'per million webhooks': name,
      'jobs a day': grouped(jobs),
      usd: usd.toFixed(2),
      floor: floorUsd.toFixed(2),
      'x floor': ratio.toFixed(2),
    }
  })
  return [
    `${grouped(jobsPerDay)} jobs a day, driver ${driver}, ${shards} ${shards === 1 ? 'shard' : 'shards'}, tables as after ${logDays} days; USD a month:`,
    '',
    rows(lines),
    '',
    `At list prices ${cost.usdPerMonth.toFixed(2)}; ${cost.usdPerMonthAfterFree.toFixed(2)} when nothing else in the billing account uses what is free.`,
    '',
    rows(compared),
    '',
    ...EXPLANATION,
    ...(cost.perMillionWebhooks.ratio > TARGET_RATIO
      ? [`These jobs are more than ${TARGET_RATIO} x the floor.`]
      : []),
    '',
    'Assumed:',
    ...assumptions(deployment),
  ].join('\n')
}

const EXPLANATION = [
  'A webhook goes into the log, the state and the tables. The floor is what no design of this shape goes below: a request',
  'for each webhook and for each message to a function, one publication and one delivery to each reader at 1 kB at least,',
  'a row for each fact, a write of the state at most once a second, and instances that are billed for 100 ms at least.',
  'At a trickle each request pays its own 100 ms; shadow, which reads the state and then writes, pays 200.',
  'Saturated, an instance is billed for a second a second however much it holds, and what remains are the requests.',
]

function assumptions({ recommendationsPerJob, eventBytes, stateBytes }: Deployment): string[] {
  const { webhooksPerJob, eventsPerJob, readStateSeconds, writeStateSeconds, publishSeconds } = ASSUMED
  const { insertSeconds, redelivered, requestCpuSeconds } = ASSUMED
  const ms = (seconds: number) => `${seconds * 1000} ms`
  return [
    `  jobs come evenly over the day; each sends ${webhooksPerJob} webhooks that make ${eventsPerJob} events of ${grouped(eventBytes)} bytes, and asks for ${recommendationsPerJob} recommendations`,
    `  an object of the state has ${grouped(stateBytes)} bytes; reading it takes ${ms(readStateSeconds)} and writing ${ms(writeStateSeconds)}`,
    `  guessed: publishing ${ms(publishSeconds)}, inserting rows ${ms(insertSeconds)}, ${ms(requestCpuSeconds)} of CPU a request, ${redelivered * 100} % delivered twice`,
    '  list prices of a tier 1 region without discounts (shared/domain/cost-prices.ts); no traffic to the internet, no builds, no logs beyond the free 50 GiB',
  ]
}

function notNegative(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError('It has to be a number from 0.')
  return value
}

function positive(text: string): number {
  const value = notNegative(text)
  if (value === 0) throw new InvalidArgumentError('It has to be a number above 0.')
  return value
}

function wholePositive(text: string): number {
  const value = positive(text)
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It has to be a whole number.')
  return value
}
