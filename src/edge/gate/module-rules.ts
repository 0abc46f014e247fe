import type { AnyNode, CallExpression, Identifier, Program } from 'acorn';
import { listedAlgorithms, listedModules } from './listed.ts';
import { type GateFinding, maySkip } from './problem.ts';
import type { Binding } from './scopes.ts';
import { literalText, nameOf } from './syntax-tree.ts';

const firstImport = "import cf from 'cloudfront'; in the first line";
const moduleAdvice = "only 'cloudfront' (import), 'crypto', 'querystring' and 'buffer' (require) exist";

/** Imports come first and name a listed module, and a top-level function is called handler. */
export function checkProgram(program: Program): GateFinding[] {
  const findings: GateFinding[] = [];
  let isHead = true;
  for (const statement of program.body) {
    if (statement.type !== 'ImportDeclaration') {
      isHead = false;
      continue;
    }
    const place = { start: statement.start, end: statement.end };
    if (!isHead) findings.push({ ...place, rule: 'import', instead: 'move it before every other statement', level: 'warning' });
    if (statement.specifiers.length === 0) findings.push({ ...place, rule: 'import', instead: `give it a name: ${firstImport}` });
    if (!listedModules.has(String(statement.source.value))) findings.push({ ...place, rule: 'module', instead: moduleAdvice });
  }
  const instead = 'write function handler(event) {} or async function handler(event) {} at the top level';
  if (!program.body.some(declaresHandler)) {
    const variable = program.body.find(holdsHandler);
    // njs runs it. AWS does not document whether CloudFront accepts anything but a function's declaration.
    if (variable)
      findings.push({
        start: variable.start,
        end: variable.start,
        rule: 'handler',
        instead,
        text: 'handler is a variable',
        level: 'warning',
      });
    else findings.push({ start: 0, end: 0, rule: 'handler', instead, text: 'no top-level function named handler' });
  }
  return findings;
}

function declaresHandler(statement: AnyNode): boolean {
  // An exported handler is refused for its export; saying that it is missing would mislead.
  const declaration = statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement;
  return declaration.type === 'FunctionDeclaration' && declaration.id?.name === 'handler';
}

function holdsHandler(statement: AnyNode): boolean {
  const declarations = statement.type === 'VariableDeclaration' ? statement.declarations : [];
  return declarations.some(({ id }) => id.type === 'Identifier' && id.name === 'handler');
}

/** The names that the top level binds to a module, by `import name from` or `const name = require()`. */
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

/** The rules about `require` and the modules' members. */
export function checkModules(
  node: AnyNode,
  ancestors: readonly AnyNode[],
  modules: ReadonlyMap<string, string>,
  bindings: ReadonlyMap<Identifier, Binding>,
): GateFinding[] {
  const parent = ancestors.at(-1);
  if (node.type === 'Identifier' && node.name === 'require' && bindings.get(node) === 'global')
    return checkRequire(node, parent, ancestors);
  if (node.type === 'CallExpression') return checkAlgorithm(node);
  if (node.type !== 'MemberExpression') return [];
  const { object } = node;
  const isBound = (binding: Binding) => object.type === 'Identifier' && bindings.get(object) === binding;
  const name = nameOf(node);
  if (isBound('global') && object.type === 'Identifier' && object.name === 'globalThis' && (name ?? 'require') === 'require') {
    return [{ start: node.start, end: node.end, rule: 'module', instead: onlyCalled, level: 'error' }];
  }
  const module = isBound('top') && object.type === 'Identifier' ? modules.get(object.name) : requiredModule(object);
  const members = module === undefined ? undefined : listedModules.get(module);
  if (name === undefined || members === undefined) return [];
  const place = { start: node.start, end: node.end };
  if (module === 'cloudfront' && name === 'cwt') {
    const instead = 'no engine here can check or make a CBOR web token: test this path on CloudFront itself';
    return [{ ...place, rule: 'no-local-engine', instead, level: 'error' }];
  }
  if (members.includes(name)) return [];
  const instead = `'${module}' has ${members.join(', ')}`;
  // A missing helper is undefined, and a try around its call would hide that from every test.
  return [{ ...place, rule: 'module', instead, ...(module === 'cloudfront' && { level: 'error' }) }];
}

const onlyCalled = "call require with the module's name: const crypto = require('crypto');";

/** `require` must be called with one text: under another name it could load an unchecked module. */
function checkRequire(node: Identifier, parent: AnyNode | undefined, ancestors: readonly AnyNode[]): GateFinding[] {
  if (parent?.type === 'UnaryExpression' && parent.operator === 'typeof') return [];
  const isCalled = parent?.type === 'CallExpression' && parent.callee === node;
  const module = isCalled ? requiredModule(parent) : undefined;
  if (isCalled && parent.arguments.length === 1 && module !== undefined) {
    if (module !== 'cloudfront' && listedModules.has(module)) return [];
    const place = { start: parent.start, end: parent.end };
    const level = maySkip(parent, ancestors.slice(0, -1)) ? 'warning' : 'error';
    return [{ ...place, rule: 'module', instead: module === 'cloudfront' ? firstImport : moduleAdvice, level }];
  }
  const around = isCalled ? parent : node;
  return [{ start: around.start, end: around.end, rule: 'module', instead: onlyCalled, level: 'error' }];
}

function checkAlgorithm(node: CallExpression): GateFinding[] {
  const name = node.callee.type === 'MemberExpression' ? nameOf(node.callee) : undefined;
  const algorithm = literalText(node.arguments[0]);
  if ((name !== 'createHash' && name !== 'createHmac') || algorithm === undefined || listedAlgorithms.includes(algorithm)) return [];
  return [{ start: node.start, end: node.end, rule: 'module', instead: `use ${listedAlgorithms.join(', ')}` }];
}
