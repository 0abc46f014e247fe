import type { AnyNode, CallExpression, Identifier, Program } from 'acorn';
import { listedAlgorithms, listedModules, listedRegexFlags } from './listed.ts';
import { type GateFinding, type GateRule, maySkip } from './problem.ts';
import type { Binding } from './scopes.ts';
import { isFunction, literalText, nameOf } from './syntax-tree.ts';

type Refusal = Pick<GateFinding, 'rule' | 'instead' | 'level'>;

// The statements and expressions of ES 5.1, and what AWS's runtime 2.0 page adds: const, let, arrow functions, rest
// parameters, template literals, async and await. All else is refused, `debugger` and `with` included.
const listedTypes = new Set<string>(
  `Program ExpressionStatement BlockStatement EmptyStatement IfStatement LabeledStatement BreakStatement ContinueStatement ReturnStatement
  ThrowStatement TryStatement CatchClause SwitchStatement SwitchCase WhileStatement DoWhileStatement ForStatement ForInStatement
  VariableDeclaration VariableDeclarator FunctionDeclaration FunctionExpression ArrowFunctionExpression RestElement Identifier Literal
  ThisExpression ArrayExpression ObjectExpression Property UnaryExpression UpdateExpression BinaryExpression LogicalExpression
  AssignmentExpression ConditionalExpression CallExpression NewExpression MemberExpression SequenceExpression TemplateLiteral TemplateElement
  AwaitExpression ImportDeclaration ImportDefaultSpecifier`.split(/\s+/),
);

const destructuring: Refusal = { rule: 'destructuring', instead: 'write one variable for each value: const a = object.a;' };
const noClass: Refusal = { rule: 'class', instead: 'write functions that take a plain object' };
const exportRefusal: Refusal = {
  rule: 'export',
  instead: 'leave the word out: CloudFront looks for a top-level function named handler',
};

const refusedTypes = new Map<string, Refusal>([
  ['ObjectPattern', destructuring],
  ['ArrayPattern', destructuring],
  ['AssignmentPattern', { rule: 'default-parameter', instead: 'set it in the body: if (x === undefined) x = value;' }],
  ['SpreadElement', { rule: 'spread', instead: 'write concat for arrays, Object.assign for objects, apply for arguments' }],
  ['ChainExpression', { rule: 'optional-chaining', instead: 'write a && a.b' }],
  ['ForOfStatement', { rule: 'for-of', instead: 'write for (let i = 0; i < list.length; i++)' }],
  ['ClassDeclaration', noClass],
  ['ClassExpression', noClass],
  ['Super', noClass],
  ['YieldExpression', { rule: 'generator', instead: 'collect the values in an array' }],
  ['TaggedTemplateExpression', { rule: 'tagged-template', instead: 'call the function with the text' }],
  ['MetaProperty', { rule: 'meta-property', instead: 'pass the value as a parameter' }],
  ['ImportExpression', { rule: 'import', instead: "write import cf from 'cloudfront'; in the first lines, or require('crypto')" }],
  ['ImportSpecifier', { rule: 'import', instead: "import the whole module: import cf from 'cloudfront'; then cf.name" }],
  ['ImportNamespaceSpecifier', { rule: 'import', instead: "import the whole module: import cf from 'cloudfront';" }],
  ['ExportNamedDeclaration', exportRefusal],
  ['ExportDefaultDeclaration', exportRefusal],
  ['ExportAllDeclaration', exportRefusal],
  ['DebuggerStatement', { rule: 'statement', instead: 'leave it out', level: 'warning' }],
]);

// Reported with the class or export around them.
const partsOfRefused = new Set<string>(
  'ClassBody MethodDefinition PropertyDefinition StaticBlock PrivateIdentifier ExportSpecifier ImportAttribute'.split(' '),
);

/** The rules about the form of one node, independent of its names. */
export function checkNode(node: AnyNode, ancestors: readonly AnyNode[], code: string): GateFinding[] {
  const refusals: Refusal[] = [];
  const refused = refusedTypes.get(node.type);
  if (refused !== undefined) refusals.push(refused);
  else if (!listedTypes.has(node.type) && !partsOfRefused.has(node.type)) {
    refusals.push({ rule: 'statement', instead: `AWS’s runtime 2.0 page does not list ${node.type}` });
  }
  refusals.push(...checkForm(node, ancestors, code));
  return refusals.map((refusal) => ({ start: node.start, end: node.end, ...refusal }));
}

function checkForm(node: AnyNode, ancestors: readonly AnyNode[], code: string): Refusal[] {
  const parent = ancestors.at(-1);
  switch (node.type) {
    case 'AwaitExpression':
      return checkAwait(node, ancestors);
    case 'CatchClause':
      return node.param ? [] : [{ rule: 'optional-catch-binding', instead: 'write catch (e) {' }];
    case 'LogicalExpression':
      return node.operator === '??' ? [{ rule: 'nullish', instead: 'write a === undefined || a === null ? b : a' }] : [];
    case 'AssignmentExpression':
      return ['??=', '||=', '&&='].includes(node.operator)
        ? [{ rule: 'logical-assignment', instead: `write the test and the assignment: a = a ${node.operator.slice(0, 2)} b, or if` }]
        : [];
    case 'Property':
      return parent?.type === 'ObjectExpression' ? checkProperty(node) : [];
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return [...checkFunction(node, ancestors), ...checkTrailingComma(node, code)];
    case 'CallExpression':
    case 'NewExpression':
      return checkTrailingComma(node, code);
    case 'ImportDeclaration':
      return node.attributes.length > 0 ? [{ rule: 'import', instead: 'leave the attributes out' }] : [];
    default:
      return [];
  }
}

function checkAwait(node: AnyNode, ancestors: readonly AnyNode[]): Refusal[] {
  let child = node;
  for (let i = ancestors.length - 1; i >= 0; i--) {
    const ancestor = ancestors[i] as AnyNode;
    if (isFunction(ancestor)) return [];
    const isCall = ancestor.type === 'CallExpression' || ancestor.type === 'NewExpression';
    if (isCall && child !== ancestor.callee) {
      return [{ rule: 'await-in-arguments', instead: 'await into a variable first: const value = await promise; then pass value' }];
    }
    child = ancestor;
  }
  return [{ rule: 'top-level-await', instead: 'await inside async function handler(event)' }];
}

function checkProperty(node: AnyNode & { type: 'Property' }): Refusal[] {
  const form = node.shorthand ? 'shorthand' : node.method ? 'method' : node.computed ? 'computed' : undefined;
  const instead = {
    shorthand: 'write name: name',
    method: 'write name: function () {}',
    computed: 'write object[key] = value; after the literal',
  };
  return form === undefined ? [] : [{ rule: 'object-literal', instead: instead[form] }];
}

type FunctionNode = Extract<AnyNode, { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }>;

function checkFunction(node: FunctionNode, ancestors: readonly AnyNode[]): Refusal[] {
  const refusals: Refusal[] = [];
  const parent = ancestors.at(-1);
  const isDeclaration = node.type === 'FunctionDeclaration';
  const isTop = parent?.type === 'Program' || parent?.type === 'ExportNamedDeclaration' || parent?.type === 'ExportDefaultDeclaration';
  if (node.generator) refusals.push({ rule: 'generator', instead: 'collect the values in an array' });
  if (node.async && !(isDeclaration && isTop)) {
    refusals.push({ rule: 'async-closure', instead: 'write async function name() {} at the top level' });
  }
  const around = ancestors.at(-2);
  const isBody = parent?.type === 'BlockStatement' && around !== undefined && isFunction(around);
  if (isDeclaration && !isTop && !isBody) refusals.push({ rule: 'block-function', instead: 'move the function out of the block' });
  return refusals;
}

/** A comma after the last argument or parameter came with ES 8; in array and object literals it is ES 5.1. */
function checkTrailingComma(node: FunctionNode | (AnyNode & { type: 'CallExpression' | 'NewExpression' }), code: string): Refusal[] {
  const items: AnyNode[] = 'params' in node ? node.params : node.arguments;
  const last = items.at(-1);
  if (last === undefined || !/^[\s)]*,\s*\)/.test(withoutComments(code.slice(last.end, node.end)))) return [];
  return [{ rule: 'trailing-comma', instead: 'leave out the comma before )' }];
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
}

/** The rules about how literals and templates are written. */
export function checkLiteral(node: AnyNode, code: string): GateFinding[] {
  if (node.type !== 'Literal' && node.type !== 'TemplateElement') return [];
  const raw = code.slice(node.start, node.end);
  if (node.type === 'TemplateElement' || typeof node.value === 'string') {
    return hasCodePointEscape(raw) ? refuse(node, 'escape', 'write the character itself, or \\uXXXX twice') : [];
  }
  if (typeof node.bigint === 'string') return refuse(node, 'bigint', 'use a Number');
  if (node.regex) {
    const unlisted = [...node.regex.flags].filter((flag) => !listedRegexFlags.has(flag));
    return unlisted.length > 0 ? refuse(node, 'regex-flag', `leave out ${unlisted.join(', ')}: g, i, m and y are listed`) : [];
  }
  return /^0[bo]/i.test(raw) ? refuse(node, 'number-literal', `write ${Number(node.value)}`) : [];
}

function refuse(node: AnyNode, rule: GateRule, instead: string): GateFinding[] {
  return [{ start: node.start, end: node.end, rule, instead }];
}

/** `\u{1F600}`, its backslash not itself escaped. */
function hasCodePointEscape(raw: string): boolean {
  return /(?<!\\)(?:\\\\)*\\u\{/.test(raw);
}

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
