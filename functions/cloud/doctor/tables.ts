/** Checks of the dataset: whether it is what sql/ describes. And of what was given up on. */
import type { PresentTable } from '../../../shared/ports.ts'
import { describe, loadCatalogue } from '../../../shared/runtime/sql.ts'
import { planDeployment } from '../../deploy-sql.ts'
import type { TableFacts } from '../../inspect.ts'
import { failed, ok, type Verdict, warning } from '../../local/doctor/check.ts'
import { judged, type Seen, unseen } from './seen.ts'

const DEPLOY = 'npx runner-bandit deploy-sql'
/** Dead letters are looked at and given back; more of them tell no more. */
export const MOST_LETTERS = 20

export type DatasetFacts = {
  present: Seen<readonly PresentTable[] | null>
  /** What a question to the tables brought. */
  tables: Seen<TableFacts>
}

export function datasetVerdict({ present, tables }: DatasetFacts): Verdict {
  return judged(present, (found) => {
    const steps = stepsLeft(found)
    if (typeof steps === 'string') return failed(steps, DEPLOY)
    if (steps.length > 0) return failed(`not done: ${steps.join(', ')}`, DEPLOY)
    return 'error' in tables ? unseen(tables.error) : ok(`${found?.length ?? 0} tables and views`)
  })
}

/** The steps of deploy-sql that would change something; a text when none of them can help. */
function stepsLeft(present: readonly PresentTable[] | null): string[] | string {
  const catalogue = loadCatalogue()
  try {
    const steps = planDeployment({ catalogue, describe }, present)
      .map(({ what }) => what)
      .filter((what) => !what.startsWith('replace view'))
    return [...steps, ...olderViews(present ?? [], catalogue.views.keys())]
  } catch (error) {
    return (error as Error).message
  }
}

function olderViews(present: readonly PresentTable[], views: Iterable<string>): string[] {
  const columnsOf = (table: { columns: readonly { name: string }[] }) =>
    table.columns.map(({ name }) => name).join()
  return [...views].flatMap((name) => {
    const found = present.find((table) => table.name === name)
    return found === undefined || columnsOf(found) === columnsOf(describe(name))
      ? []
      : [`replace view ${name}`]
  })
}

export function deadLettersVerdict(waiting: Seen<number>): Verdict {
  if ('error' in waiting) {
    const { finding, mend = '' } = unseen(waiting.error)
    return warning(finding, mend)
  }
  if (waiting.value === 0) return ok('none')
  const finding = `at least ${waiting.value} messages were given up on: "npx runner-bandit dead-letters list" says why`
  return warning(finding, 'npx runner-bandit dead-letters redrive')
}
