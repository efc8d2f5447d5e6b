/** The deployed functions in bad weather; see test/e2e/cloud/storm.ts. */
import { storm } from '../e2e/cloud/storm.ts'
import { ROUNDS } from './rounds.ts'

const OUTCOMES_A_ROUND = 200

storm(ROUNDS * OUTCOMES_A_ROUND)
