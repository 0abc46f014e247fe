import { fileURLToPath } from 'node:url';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

const teamFile = (name: string) => fileURLToPath(new URL(`../../fixtures/team/${name}`, import.meta.url));

const { defaultOrder = [], routes = [], ...rest } = edgeConfig;
const services: EdgeConfigInput = { ...rest, services: [{ name: 'api', paths: ['/api/*'], order: defaultOrder, routes }] };

/** The router with code of the team's own around it, by name. */
export const composedConfigs = {
  auth: parseEdgeConfig({ ...edgeConfig, before: teamFile('basic-auth.ts') }),
  redirect: parseEdgeConfig({ ...edgeConfig, before: teamFile('www-redirect.js') }),
  token: parseEdgeConfig({ ...edgeConfig, before: teamFile('token.js') }),
  rewrite: parseEdgeConfig({ ...services, before: teamFile('rewrite.cjs') }),
  strip: parseEdgeConfig({ ...edgeConfig, after: teamFile('strip-prefix.ts') }),
  both: parseEdgeConfig({ ...services, before: teamFile('token.js'), after: teamFile('strip-prefix.ts') }),
  throws: parseEdgeConfig({ ...edgeConfig, before: teamFile('throws.js') }),
  'throws-after': parseEdgeConfig({ ...edgeConfig, after: teamFile('throws.js') }),
};

export type ComposedName = keyof typeof composedConfigs;
