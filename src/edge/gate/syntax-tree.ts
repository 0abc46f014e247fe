import type { AnyNode, AssignmentProperty, Identifier, Literal, MemberExpression, PrivateIdentifier, Property } from 'acorn';

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

const knownChildren = new WeakMap<AnyNode, readonly AnyNode[]>();

/** The nodes directly below, in the order of the code. Several walks ask for the same ones. */
export function childrenOf(node: AnyNode): readonly AnyNode[] {
  const known = knownChildren.get(node);
  if (known !== undefined) return known;
  const children: AnyNode[] = [];
  for (const value of Object.values(node)) {
    if (isNode(value)) children.push(value);
    else if (Array.isArray(value)) for (const item of value) if (isNode(item)) children.push(item);
  }
  // A shorthand property holds the same node as key and value.
  if (node.type === 'Property' && node.shorthand) children.shift();
  knownChildren.set(node, children);
  return children;
}

/** Calls back for every node, parents first; `ancestors` begins with the program and ends with the node's parent. */
export function walk(root: AnyNode, visit: (node: AnyNode, ancestors: readonly AnyNode[]) => void): void {
  const ancestors: AnyNode[] = [];
  const step = (node: AnyNode): void => {
    visit(node, ancestors);
    ancestors.push(node);
    for (const child of childrenOf(node)) step(child);
    ancestors.pop();
  };
  step(root);
}

export function isFunction(node: AnyNode): boolean {
  return node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';
}

/** The name of a member or property when the code spells it out: `a.name`, `a['name']`, `{ name: 1 }`. */
export function nameOf(node: MemberExpression | Property | AssignmentProperty): string | undefined {
  const key: AnyNode | PrivateIdentifier = node.type === 'Property' ? node.key : node.property;
  if (key.type === 'Identifier') return node.computed ? undefined : key.name;
  return key.type === 'Literal' ? literalText(key) : undefined;
}

/** The value of a string literal; undefined for any other node. */
export function literalText(node: AnyNode | undefined): string | undefined {
  return node?.type === 'Literal' && typeof (node as Literal).value === 'string' ? ((node as Literal).value as string) : undefined;
}

/** Whether the identifier names a variable here, not a member, a property key or a label. */
export function isReference(node: Identifier, parent: AnyNode | undefined): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.object === node || parent.computed;
    case 'Property':
      return parent.value === node || parent.computed;
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return parent.computed || parent.value === node;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
    case 'ExportSpecifier':
    case 'ExportAllDeclaration':
      return false;
    default:
      return true;
  }
}
