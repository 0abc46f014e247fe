import type { AnyNode, CallExpression, Identifier, Program } from 'acorn';
import { listedAlgorithms, listedModules } from './listed.ts';
import type { Finding } from './problem.ts';
import type { Origin } from './scopes.ts';
import { literalText, nameOf } from './syntax-tree.ts';

const firstImport = "import cf from 'cloudfront'; in the first line";
const moduleAdvice = "'cloudfront' (import), 'crypto', 'querystring' and 'buffer' (require) are all there is";

/** Imports stand before everything else, name a listed module, and a top-level function is called handler. */
export function checkProgram(program: Program): Finding[] {
  const findings: Finding[] = [];
  let isHead = true;
  for (const statement of program.body) {
    if (statement.type !== 'ImportDeclaration') {
      isHead = false;
      continue;
    }
    const place = { start: statement.start, end: statement.end };
    if (!isHead) findings.push({ ...place, rule: 'import', instead: 'move it before every other statement' });
    if (statement.specifiers.length === 0) findings.push({ ...place, rule: 'import', instead: `give it a name: ${firstImport}` });
    if (!listedModules.has(String(statement.source.value))) findings.push({ ...place, rule: 'module', instead: moduleAdvice });
  }
  if (!program.body.some(declaresHandler)) {
    const instead = 'write function handler(event) {} or async function handler(event) {} at the top level';
    findings.push({ start: 0, end: 0, rule: 'handler', instead, text: 'no top-level function named handler' });
  }
  return findings;
}

function declaresHandler(statement: AnyNode): boolean {
  // An exported handler is refused for its export; saying that it is missing would mislead.
  const declaration = statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement;
  return declaration.type === 'FunctionDeclaration' && declaration.id?.name === 'handler';
}

/** The names that the top level binds to a whole module, by `import name from` or `const name = require()`. */
export function moduleNames(program: Program): Map<string, string> {
  const modules = new Map<string, string>();
  for (const statement of program.body) {
    if (statement.type === 'ImportDeclaration') {
      for (const { type, local } of statement.specifiers) {
        if (type === 'ImportDefaultSpecifier') modules.set(local.name, String(statement.source.value));
      }
    }
    if (statement.type !== 'VariableDeclaration') continue;
    for (const { id, init } of statement.declarations) {
      const module = init ? requiredModule(init) : undefined;
      if (id.type === 'Identifier' && module !== undefined) modules.set(id.name, module);
    }
  }
  return modules;
}

function requiredModule(node: AnyNode): string | undefined {
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require') return undefined;
  return literalText(node.arguments[0]);
}

/** What a node breaks in its use of `require` and of the modules' members. */
export function checkModules(node: AnyNode, modules: ReadonlyMap<string, string>, origins: ReadonlyMap<Identifier, Origin>): Finding[] {
  if (node.type === 'CallExpression') return [...checkRequire(node, origins), ...checkAlgorithm(node)];
  if (node.type !== 'MemberExpression') return [];
  const { object } = node;
  const isTop = object.type === 'Identifier' && origins.get(object) === 'top';
  const module = isTop ? modules.get(object.name) : requiredModule(object);
  const name = nameOf(node);
  const members = module === undefined ? undefined : listedModules.get(module);
  if (name === undefined || members === undefined || members.includes(name)) return [];
  return [{ start: node.start, end: node.end, rule: 'module', instead: `'${module}' has ${members.join(', ')}` }];
}

function checkRequire(node: CallExpression, origins: ReadonlyMap<Identifier, Origin>): Finding[] {
  const { callee } = node;
  if (callee.type !== 'Identifier' || callee.name !== 'require' || origins.get(callee) !== 'global') return [];
  const module = requiredModule(node);
  if (module !== undefined && module !== 'cloudfront' && listedModules.has(module)) return [];
  return [{ start: node.start, end: node.end, rule: 'module', instead: module === 'cloudfront' ? firstImport : moduleAdvice }];
}

function checkAlgorithm(node: CallExpression): Finding[] {
  const name = node.callee.type === 'MemberExpression' ? nameOf(node.callee) : undefined;
  const algorithm = literalText(node.arguments[0]);
  if ((name !== 'createHash' && name !== 'createHmac') || algorithm === undefined || listedAlgorithms.includes(algorithm)) return [];
  return [{ start: node.start, end: node.end, rule: 'module', instead: `use ${listedAlgorithms.join(', ')}` }];
}
