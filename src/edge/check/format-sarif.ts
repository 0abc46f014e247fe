import { isAbsolute, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GateLevel, GateProblem, GateRule } from '../gate/problem.ts';
import type { FunctionCheck } from './check-function.ts';

/** SARIF 2.1.0 (OASIS), the parts that GitHub's code scanning reads. */
export interface SarifLog {
  $schema: string;
  version: '2.1.0';
  runs: [
    {
      tool: {
        driver: {
          name: string;
          semanticVersion: string;
          informationUri: string;
          rules: { id: string; shortDescription: { text: string }; helpUri: string; defaultConfiguration: { level: GateLevel } }[];
        };
      };
      originalUriBaseIds: { '%SRCROOT%': { uri: string } };
      columnKind: 'utf16CodeUnits';
      invocations: [{ executionSuccessful: true; toolExecutionNotifications: { level: 'warning'; message: { text: string } }[] }];
      results: SarifResult[];
    },
  ];
}

interface SarifResult {
  ruleId: string;
  ruleIndex: number;
  level: GateLevel;
  message: { text: string };
  locations: [{ physicalLocation: { artifactLocation: { uri: string; uriBaseId?: '%SRCROOT%' }; region: SarifRegion } }];
}

interface SarifRegion {
  startLine: number;
  startColumn: number;
  endLine?: number;
  endColumn?: number;
}

const awsPage = 'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html';

/**
 * The findings of all files as one run; `folder` is what relative paths start from, and `left` what could not be
 * checked.
 */
export function formatSarif(checks: readonly FunctionCheck[], { folder, left }: { folder: string; left: readonly string[] }): SarifLog {
  const all = checks.flatMap(({ file, problems }) => problems.map((problem) => ({ file, problem })));
  const rules = [...new Set(all.map(({ problem }) => problem.rule))].sort();
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'cloudfront-edge-failover function:check',
            semanticVersion: '0.1.0',
            informationUri: awsPage,
            rules: rules.map((rule) =>
              describeRule(
                rule,
                all.map(({ problem }) => problem).filter((problem) => problem.rule === rule),
              ),
            ),
          },
        },
        originalUriBaseIds: { '%SRCROOT%': { uri: `${pathToFileURL(folder).href.replace(/\/$/, '')}/` } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: left.map((text) => ({ level: 'warning', message: { text } })),
          },
        ],
        results: all.map(({ file, problem }) => describeResult(problem, file, rules, folder)),
      },
    ],
  };
}

const levels: GateLevel[] = ['error', 'warning', 'note'];

function describeRule(id: GateRule, problems: readonly GateProblem[]): SarifLog['runs'][0]['tool']['driver']['rules'][0] {
  const worst = levels.find((level) => problems.some((problem) => problem.level === level)) ?? 'error';
  const text = `CloudFront Functions, runtime 2.0: ${id.replaceAll('-', ' ')}`;
  return { id, shortDescription: { text }, helpUri: awsPage, defaultConfiguration: { level: worst } };
}

function describeResult(problem: GateProblem, file: string, rules: readonly GateRule[], folder: string): SarifResult {
  const { line, column, endLine, endColumn, rule, level, found, instead } = problem;
  const region: SarifRegion = { startLine: line, startColumn: column };
  if (endLine !== undefined && endColumn !== undefined) Object.assign(region, { endLine, endColumn });
  return {
    ruleId: rule,
    ruleIndex: rules.indexOf(rule),
    level,
    message: { text: `${found}: ${instead}` },
    locations: [{ physicalLocation: { artifactLocation: locate(file, folder), region } }],
  };
}

/** Code scanning shows only what lies under the checkout's root. */
function locate(file: string, folder: string): { uri: string; uriBaseId?: '%SRCROOT%' } {
  const path = relative(folder, resolve(folder, file));
  if (path.startsWith('..') || isAbsolute(path)) return { uri: pathToFileURL(resolve(folder, file)).href };
  return { uri: path.split(/[\\/]/).map(encodeURIComponent).join('/'), uriBaseId: '%SRCROOT%' };
}
