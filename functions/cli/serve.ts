/** serve: webhooks, recommendations and statistics on one machine; or a demo of it. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { DEFAULT_FOLDER } from '../local/demo/demo-folder.ts'
import { settingsFor } from './operate.ts'

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('Serve webhooks, recommendations and statistics until stopped (SIGINT, SIGTERM).')
    .option('--demo', 'show it at work with a played GitLab instead of yours, in a folder of its own')
    .addOption(
      new Option('--speed <times>', 'with --demo: how many times as fast as life')
        .default(1440, 'a day a minute')
        .argParser(positive),
    )
    .addOption(new Option('--minutes <n>', 'with --demo: end by itself after so long').argParser(positive))
    .addHelpText(
      'after',
      `
The demo needs no GitLab and no settings: it ignores the environment, listens on a free port of this machine and keeps
what it learns in ./data-demo (or the folder that --data names), which it empties at each start.

  npm start -- --demo`,
    )
    .action(async (options: { demo?: true; speed: number; minutes?: number }, command: Command) => {
      const { demo, speed, minutes } = options
      if (demo === undefined) {
        const { serve } = await import('../local/serve.ts')
        return serve(settingsFor(command))
      }
      const { data: dataFolder = DEFAULT_FOLDER } = command.optsWithGlobals<{ data?: string }>()
      const { serveDemo } = await import('../local/demo/demo.ts')
      return serveDemo({ dataFolder, speed, minutes })
    })
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It has to be a number above 0.')
  return value
}
