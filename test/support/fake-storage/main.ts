/**
 * The same as a process: `node test/support/fake-storage/main.ts '{"port":9000,"writeIntervalMs":1000}'`. Says where it
 * listens. GET /counts tells the requests so far; POST /fail {"kind","fault","times"} commands faults.
 */
import { startFakeStorage } from './index.ts'

const { url } = await startFakeStorage(JSON.parse(process.argv[2] ?? '{}'))
console.log(`listens on ${url}`)
