// Writes the API document from emitted declarations: node api-docs.mjs [--check] DECLARATIONS DOCUMENT
// The document has a section for each exported symbol. Types are printed as they are declared, comments included; the members
// of what has methods get sections of their own. A class that offers the operations of another in another form (values, places)
// lists its methods and refers to the sections of that class.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import { API, SymbolFlags } from 'typescript/unstable/sync';

const WIDTH = 130;
const INTRODUCTION = `# API

<!-- Written by scripts/api-docs from the docstrings in lib/. Do not edit. -->

Every symbol that \`import … from 'ipvs'\` offers. [README](../README.md) shows how to use them, [kernel.md](kernel.md) describes what the kernel does.`;

/** The kinds of declarations, in the order of the document. */
const KINDS = [
  ['Classes', [SyntaxKind.ClassDeclaration]],
  ['Functions', [SyntaxKind.FunctionDeclaration]],
  ['Constants', [SyntaxKind.VariableDeclaration, SyntaxKind.EnumDeclaration]],
  ['Types', [SyntaxKind.InterfaceDeclaration, SyntaxKind.TypeAliasDeclaration]],
];
const PROPERTIES = new Set([SyntaxKind.PropertyDeclaration, SyntaxKind.PropertySignature]);
const METHODS = new Set([
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
]);

/** What is exported: names, and the nodes that declare them. */
function readExports(folder) {
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = { target: 'es2022', lib: ['es2023', 'esnext.disposable'] };
  const options = { ...compilerOptions, module: 'nodenext', types: ['node'] };
  writeFileSync(config, JSON.stringify({ files: ['index.d.ts'], compilerOptions: options }));
  const api = new API({ cwd: folder });
  const [project] = api.updateSnapshot({ openProject: config }).getProjects();
  const { checker, program } = project;
  const index = program.getSourceFile(join(folder, 'index.d.ts'));
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(index));
  const resolved = (symbol) => {
    const own = symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const nodes = own.declarations.map((handle) => handle.resolve());
    const form = nodes.map(formOf).find((found) => found !== undefined);
    return { name: symbol.name, nodes, inherited: nodes.flatMap(basesOf), form };
  };
  /** The abstract classes whose operations a class offers, nearest first. */
  const basesOf = (node) => {
    if (formOf(node) === undefined && !isAbstract(node)) return [];
    const base = extendedBy(node);
    const symbol = base && checker.getSymbolAtLocation(base.expression);
    return symbol === undefined
      ? []
      : resolved(symbol)
          .nodes.filter((own) => isOurs(own, folder))
          .flatMap((own) => [own, ...basesOf(own)]);
  };
  const exports = symbols.map(resolved);
  const known = new Map(exports.map((symbol) => [symbol.name, symbol]));
  // A Map also walks what is added on the way.
  for (const { nodes, inherited } of known.values()) {
    for (const name of [...nodes, ...inherited].flatMap(typesNamedIn)) {
      const { text } = name;
      if (known.has(text) || text === RETURNS) continue;
      const symbol = checker.getSymbolAtLocation(name);
      const found = symbol === undefined ? undefined : resolved(symbol);
      if (found?.nodes.every((node) => isOurs(node, folder))) known.set(text, found);
    }
  }
  const behind = [...known.values()].filter((symbol) => !exports.includes(symbol));
  return { exports, behind, close: () => api.close() };
}

/** What a class or interface extends. */
const extendedBy = (node) =>
  node.heritageClauses?.find(({ token }) => token === SyntaxKind.ExtendsKeyword)?.types[0];

/** The forms of operations: 'promise' of a handle, 'value' of its synchronous twin, 'place' of a batch. */
const FORMS = {
  promise: (value) => `Promise<${value}>`,
  value: (value) => value,
  place: (value) => `Place<${value}>`,
};

/** The form in which a class offers the operations of the class that it extends. */
const formOf = (node) =>
  Object.keys(FORMS).find(
    (form) => extendedBy(node)?.typeArguments?.[0]?.getText() === `'${form}'`,
  );

const isOurs = (node, folder) =>
  node.kind !== SyntaxKind.TypeParameter && node.getSourceFile().fileName.startsWith(`${folder}/`);

/** The names of types within a declaration, but for what is private. */
function typesNamedIn(node) {
  const names = [];
  const visit = (child) => {
    if (child.kind === SyntaxKind.Constructor || has(child, SyntaxKind.PrivateKeyword)) return;
    if (child.kind === SyntaxKind.TypeReference && child.typeName.kind === SyntaxKind.Identifier) {
      names.push(child.typeName);
    }
    child.forEachChild(visit);
  };
  visit(node);
  return names;
}

/** The docstring before a node: its description, and its tags as [name, text]. Undefined: it has none. */
function docstring(node) {
  const comments = node
    .getFullText()
    .slice(0, -node.getText().length)
    .match(/\/\*\*[\s\S]*?\*\//g);
  const comment = comments?.at(-1);
  if (comment === undefined || comment.includes('@module')) return undefined;
  const text = comment
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n');
  const [description, ...tags] = text.split(/^(?=@\w)/m);
  return {
    description: description.trim(),
    tags: tags.map((tag) => {
      const [, name, rest] = /^@(\w+)\s*([\s\S]*)$/.exec(tag);
      return [name, rest.trim()];
    }),
  };
}

const isAbstract = (node) => has(node, SyntaxKind.AbstractKeyword);
const has = (node, kind) => (node.modifiers ?? []).some((modifier) => modifier.kind === kind);
const isPublic = (member) =>
  member.name?.kind !== SyntaxKind.PrivateIdentifier &&
  !has(member, SyntaxKind.PrivateKeyword) &&
  !has(member, SyntaxKind.ProtectedKeyword);
const membersOf = (node) => [...(node.members ?? [])].filter(isPublic);
const hasMethods = (nodes) =>
  nodes.some((node) => membersOf(node).some((member) => METHODS.has(member.kind)));

/**
 * The properties of a class or interface that need a word. Those of a type literal are told of by what it stands in, and one that
 * only excludes something (`fwmark?: undefined`) says so itself.
 */
const propertiesOf = (node) =>
  membersOf(node).filter(
    ({ kind, type }) => PROPERTIES.has(kind) && type?.kind !== SyntaxKind.UndefinedKeyword,
  );

/** The text of a declaration without the members that are not public, indented by two columns a level. */
function code(node) {
  const hidden = [...(node.members ?? [])].filter((member) => !isPublic(member));
  return hidden
    .reduce((text, member) => text.replace(member.getFullText(), ''), node.getText())
    .replace(/^export (declare )?/, '')
    .replace(/^(class \w+) extends \w+<'\w+'>/, '$1')
    .replace(BRAND, '')
    .replace(/^( {4})+/gm, (indent) => indent.slice(indent.length / 2));
}

/** A property that exists for the compiler alone, named by a symbol that is not exported. */
const BRAND = / & \{\s*readonly \[[A-Z]+\]: \w+;\s*\}/;

/** What a declaration says before its members: `class ReconcileError extends IpvsError`. */
const header = (node) => code(node).split(' {', 1)[0];

const fence = (purpose, texts) => ['```ts '.concat(purpose), ...texts, '```'].join('\n');

/** Lines of at most WIDTH columns; `indent` stands before all but the first. */
function wrap(text, indent = '') {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1);
    if (line !== '' && line !== indent && line.length + 1 + word.length > WIDTH)
      lines.push(indent + word);
    else lines[lines.length - 1] += line === '' || line === indent ? word : ` ${word}`;
  }
  return lines.join('\n');
}

/** Prose of a docstring: paragraphs and lists, with links to the sections. */
function prose(text, link) {
  return text
    .replace(/\{@link ([\w.]+)(?:\(\))?\}/g, (_, name) => link(name))
    .split(/\n\s*\n|\n(?=- )/)
    .map((part) => (part.startsWith('- ') ? wrap(part, '  ') : wrap(part)))
    .join('\n\n')
    .replace(/^(- .*(?:\n {2}.*)*)\n\n(?=- )/gm, '$1\n');
}

const LABELS = { param: 'Parameter', returns: 'Returns', throws: 'Throws', example: 'Example' };

function describe({ description, tags }, link) {
  const items = tags.map(([name, text]) => {
    const label = LABELS[name];
    if (label === undefined) throw new Error(`docstrings here have no @${name}`);
    const said = name === 'param' ? text.replace(/^(\w+)\s+(-\s+)?/, '`$1`: ') : text;
    return wrap(`- ${label} ${prose(said, link).replaceAll('\n', ' ')}`, '  ');
  });
  return [prose(description, link), ...(items.length === 0 ? [] : [items.join('\n')])];
}

/** The expression before the name of a member: `ipvs.sysctls` for what the property `sysctls` of a handle holds. */
function pathsOf(exports) {
  const paths = new Map(exports.map(({ name }) => [name, name[0].toLowerCase() + name.slice(1)]));
  const follow = (symbol) => {
    for (const member of symbol.nodes.flatMap(membersOf)) {
      const held = exports.find(({ name }) => name === member.type?.getText());
      if (!PROPERTIES.has(member.kind) || held === undefined) continue;
      paths.set(held.name, `${paths.get(symbol.name)}.${member.name.getText()}`);
      follow(held);
    }
  };
  follow(exports.find(({ name }) => name === 'Ipvs'));
  return paths;
}

const anchor = (title) =>
  title
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');

/** The type of what a method returns that is written once for all ways to call it. */
const RETURNS = 'Returns';

/** The text of a member in a form. */
const inForm = (text, form) =>
  text.replaceAll(/\bReturns<(.*)>\[How\]/g, (_, value) => FORMS[form](value));

/** The sections of the members of a class or interface, and of those that it inherits: overloads share one. */
function memberSections({ name, nodes, inherited, form }, path) {
  const sections = new Map();
  for (const member of [...nodes, ...inherited].flatMap(membersOf)) {
    if (member.kind === SyntaxKind.Constructor) continue;
    const own = member.name.getText();
    const before = has(member, SyntaxKind.StaticKeyword) ? name : path;
    const title = own.startsWith('[') ? `${before}${own}` : `${before}.${own}`;
    const section = sections.get(title) ?? { title, member: own, texts: [], doc: undefined };
    section.texts.push(inForm(code(member), form));
    section.doc ??= docstring(member);
    sections.set(title, section);
  }
  return [...sections.values()];
}

function render(exports, behind) {
  const lacking = [];
  const paths = pathsOf(exports);
  const sectioned = new Map(
    exports
      .filter(({ nodes, inherited }) => hasMethods([...nodes, ...inherited]))
      .map((symbol) => [symbol.name, memberSections(symbol, paths.get(symbol.name))]),
  );
  const titles = new Map([...exports, ...behind].map(({ name }) => [name, name]));
  for (const [name, sections] of sectioned) {
    for (const { member, title } of sections) titles.set(`${name}.${member}`, title);
  }

  /** The class whose sections describe the methods of another that has the same ones in another form. */
  const describedBy = ({ form, inherited }) =>
    form !== undefined && form !== 'promise'
      ? exports.find(
          (each) =>
            each.form === 'promise' &&
            each.inherited.some((base) => base.name.text === inherited[0].name.text),
        )
      : undefined;
  const isExtension = (node) => titles.has(extendedBy(node)?.expression.getText());

  const renderSymbol = (symbol) => {
    const { name, nodes } = symbol;
    const link = (target) => {
      const title = titles.get(`${name}.${target}`) ?? titles.get(target);
      return title === undefined ? `\`${target}\`` : `[${title}](#${anchor(title)})`;
    };
    const doc = nodes.map(docstring).find((found) => found !== undefined);
    if (doc === undefined) lacking.push(name);
    const parts = [`### ${name}`, ...(doc === undefined ? [] : describe(doc, link))];
    const sections = sectioned.get(name);
    const twin = describedBy(symbol);
    if (twin !== undefined) {
      const texts = sections.flatMap((section) => section.texts);
      parts.push(`Methods, described at [${twin.name}](#${anchor(twin.name)}):`);
      parts.push(fence('members', texts));
      return parts;
    }
    if (sections === undefined) {
      for (const property of nodes.flatMap(propertiesOf)) {
        if (docstring(property) === undefined) lacking.push(`${name}.${property.name.getText()}`);
      }
      parts.push(fence('declaration', nodes.map(code)));
      return parts;
    }
    const headers = nodes.filter((node) => node.typeParameters || isExtension(node)).map(header);
    if (headers.length > 0) parts.push(fence('header', headers));
    for (const { title, texts, doc: said } of sections) {
      if (said === undefined) lacking.push(title);
      parts.push(`#### ${title}`, fence('members', texts), ...(said ? describe(said, link) : []));
    }
    return parts;
  };

  const chapter = (title, symbols) => {
    if (symbols.length === 0) return [];
    // The handle is what a reader looks for first.
    symbols.sort(
      (a, b) => (b.name === 'Ipvs') - (a.name === 'Ipvs') || a.name.localeCompare(b.name),
    );
    const links = symbols.map(({ name }) => `[${name}](#${anchor(name)})`);
    return [`## ${title}`, wrap(links.join(' · ')), ...symbols.flatMap(renderSymbol)];
  };
  const chapters = KINDS.flatMap(([title, kinds]) =>
    chapter(
      title,
      exports.filter(({ nodes }) => kinds.includes(nodes[0].kind)),
    ),
  );
  chapters.push(...chapter('Types behind these, which are not exported', behind));
  const left = exports.filter(
    ({ nodes }) => !KINDS.some(([, kinds]) => kinds.includes(nodes[0].kind)),
  );
  if (left.length > 0) throw new Error(`of no kind known here: ${left.map(({ name }) => name)}`);
  return { text: `${[INTRODUCTION, ...chapters].join('\n\n')}\n`, lacking };
}

const check = process.argv[2] === '--check';
const [folder, document] = process.argv.slice(check ? 3 : 2).map((path) => resolve(path));
const { exports, behind, close } = readExports(folder);
const { text, lacking } = render(exports, behind);
close();
if (lacking.length > 0) {
  console.error(`api-docs: without a docstring:\n${lacking.map((name) => `  ${name}`).join('\n')}`);
  process.exitCode = 1;
}
if (!check) writeFileSync(document, text);
else if (readFileSync(document, 'utf8') !== text) {
  console.error(`api-docs: ${document} is not up to date: run scripts/api-docs`);
  process.exitCode = 1;
}
