/** What `check` found of the data, for a terminal. */
import type { CheckedData, DataFinding } from '../check-data.ts'
import type { Check } from './doctor/check.ts'
import { diagnosis } from './doctor/say-doctor.ts'
import { grouped } from './say.ts'

export function checkedData({ checks }: CheckedData): string {
  return diagnosis(checks.map(lineOf), false)
}

function lineOf({
  name,
  status,
  severity,
  claim,
  counted,
  checked,
  failed,
  example,
  ...words
}: DataFinding): Check {
  if (status === 'empty') return { name, status: 'Skipped', finding: `Nothing to check: no ${counted}.` }
  if (status === 'passed') return { name, status: 'OK', finding: `${claim} (${grouped(checked)} ${counted})` }
  return {
    name,
    status: severity === 'error' ? 'Failed' : 'Warning',
    finding: `Not so for ${grouped(failed)} of ${grouped(checked)} ${counted}, for example ${example}: ${claim}\n${words.description}`,
    mend: words.advice,
  }
}
