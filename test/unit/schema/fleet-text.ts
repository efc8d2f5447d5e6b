/** Small fleet files, and what is wrong with one. */
import { expect } from 'vitest'
import { ConfigError } from '../../../shared/errors.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'

export function faultsOf(text: string): readonly string[] {
  try {
    parseFleet(text)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).faults
  }
}

export const head = `machines: { m: { cost_per_hour_eur: 0.5 }, n: {} }
executors: [docker]
`
export const oneRunner = (words: string) =>
  `${head}runners: [{ name: a, machine: m, executor: docker, ${words} }]\n`
