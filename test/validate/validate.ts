/** `npm run validate`: holds policies against published numbers and estimators against the truth, prints a table, and exits with 1 where one is missed. */
import { parseArgs } from 'node:util'
import { lengths, runners, simpson } from './closing.ts'
import { estimators } from './estimators.ts'
import { type Finding, tableOf } from './finding.ts'
import { auer, auerProduct, delay, delayProduct } from './regret.ts'

type Validation = { says: string; runs: number; findings(runs: number): Finding[] }

const validations: Readonly<Record<string, Validation>> = {
  auer: { says: 'regret on the distributions of Auer et al. (2002)', runs: 100, findings: auer },
  'auer-product': { says: "the same of the product's Thompson sampling", runs: 60, findings: auerProduct },
  delay: { says: 'regret under delay, Chapelle and Li (2011)', runs: 40, findings: delay },
  'delay-product': { says: "the same of the product's Thompson sampling", runs: 20, findings: delayProduct },
  runners: {
    says: 'what the policies close of the gap from chance to the best',
    runs: 60,
    findings: runners,
  },
  lengths: { says: 'the same with shorter and longer jobs', runs: 20, findings: lengths },
  simpson: { says: "what they choose in Simpson's case", runs: 40, findings: simpson },
  estimators: { says: 'coverage of the estimators on simulated logs', runs: 300, findings: estimators },
}

const names = Object.entries(validations).map(
  ([name, { says, runs }]) => `    ${name.padEnd(14)} ${says} (${runs} runs)`,
)
const HELP = `Usage: npm run validate [-- options]

  --only NAME   one of these instead of all:
${names.join('\n')}
  --runs N      so many runs, or seeds, of each instead

Prints what was expected, what was found, and by how many standard errors they are apart; exits with 1 where that is more
than four, or a limit is not kept. All of it takes half an hour.`

function run(): number {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      runs: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const runs = Number(values.runs ?? 2)
  const chosen = Object.entries(validations).filter(([name]) => name === (values.only ?? name))
  if (values.help) {
    console.log(HELP)
    return 0
  }
  if (chosen.length === 0 || !Number.isInteger(runs) || runs < 2) {
    console.error(
      `${chosen.length === 0 ? 'There is no such validation.' : '--runs takes a whole number above 1.'}\n\n${HELP}`,
    )
    return 2
  }
  const findings = chosen.flatMap(([name, validation]) => {
    const startMs = performance.now()
    const found = validation.findings(values.runs === undefined ? validation.runs : runs)
    console.log(`${name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
    return found
  })
  console.log(`\n${tableOf(findings)}\n`)
  const failed = findings.filter(({ verdict }) => verdict === 'FAILED').length
  console.log(failed === 0 ? 'Everything is as expected.' : `${failed} findings are not as expected.`)
  return failed === 0 ? 0 : 1
}

process.exitCode = run()
