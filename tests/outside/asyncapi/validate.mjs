// Validates each `SCHEMA DOCUMENT` of the arguments with ajv, as docs/wire-format.md says, and prints what is wrong.

import { readFileSync } from 'node:fs'
import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'

const ajv = new Ajv2020({ strict: false })
addFormats(ajv)
const read = (file) => JSON.parse(readFileSync(file, 'utf8'))
const files = process.argv.slice(2)
for (let at = 0; at < files.length; at += 2) {
  const validate = ajv.getSchema(read(files[at]).$id) ?? ajv.compile(read(files[at]))
  console.log(JSON.stringify(validate(read(files[at + 1])) ? [] : validate.errors))
}
