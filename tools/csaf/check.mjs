// Checks CSAF 2.0 documents against the schema and the standard's mandatory tests: check.mjs FOLDER...; prints one line for each fault.
import { readdirSync, readFileSync } from 'fs'
import path from 'path'
import * as mandatory from '@secvisogram/csaf-validator-lib/mandatoryTests.js'
import { csaf_2_0 } from '@secvisogram/csaf-validator-lib/schemaTests.js'

const tests = [csaf_2_0, ...Object.values(mandatory)]
let documents = 0
let faults = 0

async function check(file) {
  const document = JSON.parse(readFileSync(file))
  documents++
  for (const test of tests) {
    const result = await test(document)
    if (result.isValid !== false) continue
    faults++
    console.log(`${file}: ${test.name}: ${JSON.stringify((result.errors ?? [])[0])}`)
  }
}

for (const folder of process.argv.slice(2))
  for (const file of readdirSync(folder).sort()) if (file.endsWith('.json')) await check(path.join(folder, file))
console.log(`${documents} documents, ${tests.length} tests each, ${faults} faults`)
process.exit(faults ? 1 : 0)
