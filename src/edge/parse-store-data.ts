import { z } from 'zod';
import { maxKeyBytes, maxValueBytes } from '../../kvs/limits.ts';
import { EdgeError } from '../cli/errors.ts';

const plain = z.record(z.string(), z.string());
const importFile = z.strictObject({ data: z.array(z.strictObject({ key: z.string(), value: z.string() })) });

/** The keys of a JSON file: `{"health": "ok"}`, or the form that CloudFront imports from S3. Throws CONFIG_INVALID naming every problem. */
export function parseStoreData(text: string, file: string): Map<string, string> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw invalid(file, [`it is not JSON: ${(cause as Error).message}`]);
  }
  const imported = importFile.safeParse(raw);
  const given = imported.success ? undefined : plain.safeParse(raw);
  if (given?.success === false)
    throw invalid(
      file,
      given.error.issues.map(({ path, message }) => `${path.join('.') || 'the data'}: ${message}`),
    );
  const entries = imported.success
    ? imported.data.data.map(({ key, value }): [string, string] => [key, value])
    : Object.entries(given?.data ?? {});
  const problems = entries.flatMap(([key, value]) => [
    ...(Buffer.byteLength(key) > maxKeyBytes || key === '' ? [`${key.slice(0, 40)}: a key has 1 to ${maxKeyBytes} bytes`] : []),
    ...(Buffer.byteLength(value) > maxValueBytes ? [`${key.slice(0, 40)}: a value has at most ${maxValueBytes} bytes`] : []),
  ]);
  if (problems.length > 0) throw invalid(file, problems);
  return new Map(entries);
}

function invalid(file: string, problems: readonly string[]): EdgeError {
  return new EdgeError(
    'CONFIG_INVALID',
    [`${file} is no data for a KeyValueStore:`, ...problems.map((problem) => `  ${problem}`)].join('\n'),
    {
      hint: '{"health": "ok"}, or {"data": [{"key": "health", "value": "ok"}]} as CloudFront imports it',
    },
  );
}
