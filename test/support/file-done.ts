/** What is to be ended or removed when all tests of the running file are done. */

const cleanUps: (() => unknown)[] = []

/**
 * For support that more than one test file shares: a hook that it set as it is loaded would follow the first of them
 * only, since the files of one worker share its modules.
 */
export function whenFileDone(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp)
}

/** Ends all, the newest first. */
export async function endWhatIsLeft(): Promise<void> {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
}
