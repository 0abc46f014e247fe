import { type EdgeConfig, parseEdgeConfig } from './edge-config.ts';

/** What a command works on. */
export interface Project {
  config: EdgeConfig;
}

/** The project in what edge.config.ts exports. A command calls `openProject` instead; the Lambda has the file in its bundle. */
export function parseProject(written: unknown, _env: Readonly<Record<string, string | undefined>>): Project {
  return { config: parseEdgeConfig(written) };
}
