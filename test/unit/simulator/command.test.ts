import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { compared } from '../../../functions/local/say-simulation.ts'
import { compareInControl, defaultWorld, FIGURES } from '../../../shared/simulator/index.ts'

const cli = join(import.meta.dirname, '../../../functions/cli.ts')
const simulate = (...options: string[]) =>
  promisify(execFile)(process.execPath, [cli, 'simulate', ...options])

describe('simulate', () => {
  test('compares policies in control with sticky, as JSON with every figure and its interval', async () => {
    const { stdout } = await simulate('--policies', 'uniform,best', '--seeds', '2', '--jobs', '150', '--json')
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({ seeds: 2, first_seed: 1, jobs: 150, against: 'sticky', runners: 11 })
    expect(said.loggers.map(({ logger }: { logger: string }) => logger)).toEqual([
      'sticky',
      'uniform',
      'best',
    ])
    for (const { figures, difference, logger } of said.loggers) {
      expect(Object.keys(figures)).toHaveLength(FIGURES.length)
      expect(figures.queue_p95_seconds).toEqual({
        mean: expect.any(Number),
        low: expect.any(Number),
        high: expect.any(Number),
      })
      expect(difference === null).toBe(logger === 'sticky')
    }
  })

  test('says what it answers that an estimate from a log cannot, and whom it holds the others against', () => {
    const world = defaultWorld({ runners: 3 })
    const play = { loggers: ['uniform'], against: 'sticky', seeds: 1, firstSeed: 7, jobs: 50 }
    const said = compared({ ...play, world, loggers: compareInControl(world, play) })
    expect(said).toContain('50 jobs on 3 runners, seed 7; each line is in control of the same jobs:')
    expect(said).toContain('Minus sticky, seed by seed:')
    expect(said).toContain(
      'What no off-policy estimate can say: here a policy that routes every job changes the load',
    )
    // One seed has no interval.
    expect(said.split('\n').find((line) => line.startsWith('uniform'))).not.toContain('±')
  })

  test('names the policies that there are when one is not known', async () => {
    await expect(simulate('--policies', 'ucb9')).rejects.toThrow(/there are sticky, ucb1, .*best/)
    await expect(simulate('--logger', 'sticky')).rejects.toThrow('--logger needs --write.')
  })
})
