import { EdgeError } from '../errors.ts';

/** Packages that are not installed with this one, and the command that brings each. */
const optional: Readonly<Record<string, string>> = {
  '@aws-sdk/client-iam': 'npm install --save-dev @aws-sdk/client-iam @aws-sdk/client-lambda',
  '@aws-sdk/client-lambda': 'npm install --save-dev @aws-sdk/client-iam @aws-sdk/client-lambda',
  autocannon: 'npm install --save-dev autocannon',
  'aws-cdk-lib': 'npm install --save-dev aws-cdk-lib constructs',
};

/** The error to print when a package was not found, in place of a stack; undefined for any other error. */
export function explainMissingPackage(error: unknown): EdgeError | undefined {
  if (!(error instanceof Error) || !/^(ERR_)?MODULE_NOT_FOUND$/.test(String((error as NodeJS.ErrnoException).code))) return undefined;
  const [, path] = /^Cannot find (?:package|module) '([^'.][^']*)'/.exec(error.message) ?? [];
  if (path === undefined) return undefined;
  const name = /^(?:.*[\\/]node_modules[\\/])?((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1] ?? path;
  const install = optional[name];
  return new EdgeError('TOOL_MISSING', `the package ${name} is not installed`, {
    cause: error,
    hint: install ?? '`npm install` again: an earlier one did not end, or is older than this version',
  });
}
