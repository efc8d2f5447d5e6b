/** deploy-sql: its own command, since it makes what the operations need. */
import type { Command } from 'commander'
import type { WarehouseSchema } from '../../shared/ports.ts'
import { describe, loadCatalogue } from '../../shared/runtime/sql.ts'
import { type DeployReport, deploySql } from '../deploy-sql.ts'

/** @param openSchema of the cloud that the settings name. @throws ConfigError when they name none. */
export function addDeploySql(
  program: Command,
  openSchema: (command: Command) => Promise<WarehouseSchema>,
): void {
  program
    .command('deploy-sql')
    .description('Create the tables and views of ci_metrics in BigQuery, or bring them up to this version.')
    .option('--dry-run', 'print the DDL and have BigQuery check it; change nothing')
    .addHelpText(
      'after',
      `
Tables that are there keep their rows, and get the columns that are new; views are replaced. Nothing is ever removed, so
it can be repeated. A dry run exits 1 when BigQuery refuses a statement.`,
    )
    .action(async ({ dryRun = false }: { dryRun?: boolean }, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const progress = (what: string) => {
        if (!dryRun && !json) console.error(what)
      }
      const schema = await openSchema(command)
      const report = await deploySql({ dryRun }, { schema, catalogue: loadCatalogue(), describe }, progress)
      console.log(json ? JSON.stringify(report, null, 2) : sayDeployed(report))
      if (report.steps.some(({ check }) => check?.ok === false)) process.exitCode = 1
    })
}

/** Of a dry run the text is SQL, with what is to be said about it in comments. */
export function sayDeployed({ dry_run: dryRun, steps }: DeployReport): string {
  if (!dryRun)
    return `${steps.length} ${steps.length === 1 ? 'step' : 'steps'} done. ci_metrics is what sql/ describes.`
  const refused = steps.filter(({ check }) => check?.ok === false)
  const waiting = steps.filter(({ check }) => check === null)
  return [
    ...steps.map(({ what, ddl, check }) => `-- ${what}: ${verdict(check)}\n${ddl};\n`),
    `-- ${steps.length} steps; ${refused.length} refused, ${waiting.length} that cannot be checked before others are done. Nothing was changed.`,
  ].join('\n')
}

function verdict(check: DeployReport['steps'][number]['check']): string {
  if (check === null || check === undefined) return 'cannot be checked before the steps above are done'
  return check.ok ? 'BigQuery takes it' : `BIGQUERY REFUSES IT: ${check.reason.replaceAll(/\s+/g, ' ')}`
}
