/** vitest runs this before each test file. */
import { afterAll } from 'vitest'
import { endWhatIsLeft } from './file-done.ts'

afterAll(endWhatIsLeft)
