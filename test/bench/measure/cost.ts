/** What the way of a million webhooks costs by the model of prices, and what no design of this shape goes below. */
import { costOf, DEFAULTS } from '../../../shared/domain/cost.ts'
import type { Measurement } from '../measurement.ts'
import { JOBS_PER_DAY } from '../targets.ts'

export const measure: Measurement = async () =>
  Object.fromEntries(
    JOBS_PER_DAY.flatMap(({ name, jobsPerDay }) => {
      const { usd, floorUsd, ratio } = costOf({ ...DEFAULTS, jobsPerDay }).perMillionWebhooks
      return [
        [`cost of a million webhooks, ${name}`, [usd]],
        [`least cost, ${name}`, [floorUsd]],
        [`cost against the least, ${name}`, [ratio]],
      ]
    }),
  )
