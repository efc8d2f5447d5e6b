/**
 * What the cloud costs, from prices and from what a job causes there: no measurement, a model. Each figure is a count of
 * something that is billed.
 *
 * What decides: Cloud Run bills an instance while it holds at least one request, rounded up to 100 ms. At a *trickle* no
 * two requests overlap, and each pays 100 ms for its half millisecond of work. *Saturated*, one instance holds many at
 * once and is billed for a second a second, however many they are: then requests themselves are what costs.
 */
import { PRICES } from './cost-prices.ts'
import { countsOf, otherUsage, pathUsage, type Usage } from './cost-usage.ts'

export type Deployment = {
  jobsPerDay: number
  driver: 'push' | 'pull'
  shards: number
  recommendationsPerJob: number
  /** Bytes of an event on the bus, with its attributes. */
  eventBytes: number
  /** Bytes of one object of the state. */
  stateBytes: number
  /** Instances of recommend that are kept ready. */
  readyInstances: number
  loadBalancer: boolean
  /** Days that the log has grown for. */
  logDays: number
}

export const DEFAULTS: Omit<Deployment, 'jobsPerDay'> = {
  driver: 'push',
  shards: 1,
  recommendationsPerJob: 1,
  eventBytes: 1000,
  stateBytes: 200_000,
  readyInstances: 0,
  loadBalancer: false,
  logDays: 365,
}

const usdOf = (usage: readonly Usage[]) =>
  usage.reduce((sum, { meter, units }) => sum + units * PRICES[meter].usd, 0)

export type Cost = {
  /** A month's bill at list prices, line by line. */
  lines: (Usage & { usd: number })[]
  usdPerMonth: number
  /** The same when nothing else in the billing account uses what is free. */
  usdPerMonthAfterFree: number
  /** The way of a million webhooks, what no design of this shape goes below, and how the two compare. */
  perMillionWebhooks: { usd: number; floorUsd: number; ratio: number }
}

/** @throws RangeError for counts that are not above 0. */
export function costOf(deployment: Deployment): Cost {
  const { jobsPerDay, shards } = deployment
  if (!(jobsPerDay > 0 && Number.isFinite(jobsPerDay))) throw new RangeError('jobs per day: above 0')
  if (!(Number.isInteger(shards) && shards > 0)) throw new RangeError('shards: a whole number above 0')
  const path = pathUsage(deployment, false)
  const usage = [...path, ...otherUsage(deployment)]
  const free = Object.entries(PRICES).reduce((sum, [meter, { usd, free: units }]) => {
    const used = usage.filter((line) => line.meter === meter).reduce((all, line) => all + line.units, 0)
    return sum + Math.min(used, units) * usd
  }, 0)
  const millions = countsOf(jobsPerDay).webhooks / 1e6
  const usd = usdOf(path) / millions
  const floorUsd = usdOf(pathUsage(deployment, true)) / millions
  const usdPerMonth = usdOf(usage)
  return {
    lines: usage.filter(({ units }) => units > 0).map((line) => ({ ...line, usd: usdOf([line]) })),
    usdPerMonth,
    usdPerMonthAfterFree: usdPerMonth - free,
    perMillionWebhooks: { usd, floorUsd, ratio: usd / floorUsd },
  }
}
