// Prints what AsyncAPI's own parser makes of each file: its diagnostics, and what it found in it.

import { readFileSync } from 'node:fs'
import { Parser } from '@asyncapi/parser'

const parser = new Parser()
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(readFileSync(file, 'utf8'), { source: file })
  const found = document && {
    channels: document.channels().all().map((one) => one.address()),
    operations: document.operations().all().map((one) => [one.id(), one.action(), one.messages().all().map((each) => each.name())]),
    payloads: document.components().messages().all().map((one) => [one.id(), one.payload()?.json()?.properties?.type?.const ?? null]),
  }
  const problems = diagnostics.map((one) => ({ severity: one.severity, code: String(one.code), path: one.path.join('.'), message: one.message }))
  console.log(JSON.stringify({ file, valid: document !== undefined, problems, found }))
}
