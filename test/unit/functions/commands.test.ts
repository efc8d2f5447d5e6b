/** Which commands are loaded for which words of the command line. */
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addCommands, commandFiles } from '../../../functions/cli/commands.ts'

const ALL = commandFiles.flatMap(({ names }) => names)

async function commandsFor(...words: string[]): Promise<string[]> {
  const program = new Command()
  await addCommands(program, words)
  return program.commands.map((command) => command.name())
}

test.each(commandFiles)('$names are what their file adds', async ({ names, load }) => {
  const program = new Command()
  const add = await load()
  add(program)
  expect(program.commands.map((command) => command.name())).toEqual(names)
})

test('a command is there when it is named, wherever it stands', async () => {
  expect(await commandsFor('stats', '--json')).toEqual(['recommend', 'stats', 'sql'])
  expect(await commandsFor('--data', 'folder', 'doctor')).toEqual(['doctor'])
})

test('a value that reads like a command hides none', async () => {
  expect(await commandsFor('--data', 'stats', 'rebuild')).toEqual(
    expect.arrayContaining(['stats', 'rebuild']),
  )
})

test('all are there for who asks for help, names none, or one that there is not', async () => {
  for (const words of [[], ['--help'], ['help'], ['help', 'evaluate'], ['evalaute'], ['--version']])
    expect(await commandsFor(...words)).toEqual(ALL)
})
