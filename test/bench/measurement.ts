/** What a measurement is: it returns, for each figure it answers for, the values of the rounds. */
import { mkdtempSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Bench, startChild } from './child.ts'

/** By the name of the target. */
export type Values = Record<string, number[]>

export type Measurement = (bench: Bench) => Promise<Values>

/** What a measurement without a server gets: it runs in a process of its own on the measured core. */
export type Alone = { rounds: number; folder: string }

/** Runs `inside` of a file in test/bench/measure in a fresh process: what one compiles must not speed up another. */
export function alone(file: string, nodeFlags: readonly string[] = []): Measurement {
  return async (bench) => {
    const child = await startChild(bench, 'alone.ts', { args: [basename(file)], nodeFlags })
    const input: Alone = { rounds: bench.rounds, folder: mkdtempSync(join(bench.folder, 'alone-')) }
    const values = (await child.ask('measure', input)) as Values
    await child.end()
    return values
  }
}
