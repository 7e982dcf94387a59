// Of a CommonJS module the members that are used. A bundler cannot leave out what hangs on a class or on `exports`,
// since it would have to know who asks for it by name; here the few names that are asked for are known.
import ts from 'typescript';

/** A piece that can go: a member of a class, a function, or the assignment of a property of a class or of `exports`. */
interface Part {
  readonly name: string;
  readonly node: ts.Node;
}

/**
 * The source without the parts that nothing names which stays, and without the modules that are required for them.
 * Constructors and what is not such a part stay; a name that occurs counts as used, whoever's member it is.
 */
export function narrow(source: string, roots: readonly string[]): string {
  const file = ts.createSourceFile('module.js', source, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const parts = file.statements.flatMap(partsOf);
  let gone = new Set(parts);
  const used = new Set([...roots, ...namesIn(file, new Set(parts.map(({ node }) => node)))]);
  for (let before = -1; before !== gone.size; ) {
    before = gone.size;
    for (const part of gone) if (used.has(part.name)) for (const name of namesIn(part.node)) used.add(name);
    gone = new Set([...gone].filter(({ name }) => !used.has(name)));
  }
  const unused = file.statements.filter((statement) => {
    const name = required(statement);
    return name !== undefined && !used.has(name);
  });
  return without(source, [...[...gone].map(({ node }) => node), ...unused]);
}

function partsOf(statement: ts.Statement): Part[] {
  if (ts.isClassDeclaration(statement)) {
    return statement.members.flatMap((node) => (node.name ? [{ name: node.name.getText(), node }] : []));
  }
  if (ts.isFunctionDeclaration(statement) && statement.name) return [{ name: statement.name.text, node: statement }];
  if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) return [];
  const { left, right } = statement.expression;
  const isOne =
    ts.isPropertyAccessExpression(left) && ts.isIdentifier(left.expression) && !ts.isBinaryExpression(right);
  return isOne ? [{ name: left.name.text, node: statement }] : [];
}

/** The identifiers in a piece of source, without those in the nodes that are named. */
function namesIn(node: ts.Node, except: ReadonlySet<ts.Node> = new Set()): string[] {
  if (except.has(node) || required(node) !== undefined) return [];
  if (ts.isIdentifier(node)) return [node.text];
  return node.getChildren().flatMap((child) => namesIn(child, except));
}

/** The variable of `const NAME = require(…)`. */
function required(node: ts.Node): string | undefined {
  if (!ts.isVariableStatement(node)) return undefined;
  const [declaration] = node.declarationList.declarations;
  const called = declaration?.initializer;
  if (!called || !ts.isCallExpression(called) || called.expression.getText() !== 'require') return undefined;
  return declaration.name.getText();
}

function without(source: string, nodes: readonly ts.Node[]): string {
  let text = source;
  for (const node of [...nodes].sort((a, b) => b.pos - a.pos)) text = text.slice(0, node.pos) + text.slice(node.end);
  return text;
}
