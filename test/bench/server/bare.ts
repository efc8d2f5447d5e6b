/** The yardstick: node:http and nothing else. Reads a POST to its end and answers 202, a GET 200. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerBench } from '../answers.ts'

const ANSWER = '{"status":"accepted","event_id":"gitlab.com/101/1001/job.finished"}\n'
const HEADERS = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(ANSWER) }

const server = createServer((request, response) => {
  const answer = () => {
    response.writeHead(request.method === 'POST' ? 202 : 200, HEADERS)
    response.end(ANSWER)
  }
  if (request.method !== 'POST') return answer()
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    Buffer.concat(chunks)
    answer()
  })
})
server.listen(0, '127.0.0.1', () => answerBench((server.address() as AddressInfo).port, {}))
