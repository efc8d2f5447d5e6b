/** The deployed functions in bad weather; see test/e2e/cloud/storm.ts. */
import { test } from 'vitest'
import { storm } from '../e2e/cloud/storm.ts'
import { ROUNDS } from './rounds.ts'

const OUTCOMES = 20_000
const FULL_ROUNDS = 100

if (ROUNDS >= FULL_ROUNDS) storm(OUTCOMES)
else test.skip(`a storm over ${OUTCOMES} outcomes (left out of the short form; npm test plays a smaller one)`)
