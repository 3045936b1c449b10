// Generates the API documents from the emitted declarations. Called by scripts/api-docs:
//
//     node api-docs.mjs [--check] DECLARATIONS FOLDER
//
// Each import path of the package has a document in FOLDER, with a section for each exported symbol.
// It shows types as they are declared, with their comments. Each member of a class or interface with
// methods has a section of its own. A class that offers the operations of another class in another
// form (values, places) only lists its methods, and refers to the sections of that class.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import { API, SymbolFlags } from 'typescript/unstable/sync';

const WIDTH = 100;
const NOTE = '<!-- Written by scripts/api-docs from the docstrings in lib/. Do not edit. -->';

/** The import paths of the package. The first one is the main one, to which the others refer. */
const ENTRIES = [
  {
    title: 'API',
    path: 'ipvs',
    index: 'index.d.ts',
    document: 'api.md',
    more: '[README](../README.md) shows how to use them, [kernel.md](kernel.md) describes the behavior of the kernel.',
  },
  ...['ipvsadm', 'kubernetes', 'metrics'].map((name) => ({
    title: `API of ipvs/${name}`,
    path: `ipvs/${name}`,
    index: `${name}/index.d.ts`,
    document: `api-${name}.md`,
    more: "[api.md](api.md) has those of `import … from 'ipvs'`.",
  })),
];

/** The chapters of the document, with the kinds of their declarations. */
const KINDS = [
  ['Classes', [SyntaxKind.ClassDeclaration]],
  ['Functions', [SyntaxKind.FunctionDeclaration]],
  ['Constants', [SyntaxKind.VariableStatement, SyntaxKind.EnumDeclaration]],
  ['Types', [SyntaxKind.InterfaceDeclaration, SyntaxKind.TypeAliasDeclaration]],
];
const PROPERTIES = new Set([SyntaxKind.PropertyDeclaration, SyntaxKind.PropertySignature]);
const METHODS = new Set([
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
]);

/** Opens the declarations, to read the symbols of entries. */
function openDeclarations(folder) {
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = { target: 'es2022', lib: ['es2023', 'esnext.disposable'] };
  const options = { ...compilerOptions, module: 'nodenext', types: ['node'] };
  writeFileSync(
    config,
    JSON.stringify({ files: ENTRIES.map(({ index }) => index), compilerOptions: options }),
  );
  const api = new API({ cwd: folder });
  const [project] = api.updateSnapshot({ openProject: config }).getProjects();
  return { ...project, folder, close: () => api.close() };
}

/**
 * Reads the exported symbols of an entry: their names, and the nodes that declare them; and the types
 * behind them, which neither this entry nor the main one exports.
 */
function readExports({ checker, program, folder }, { index: file }, main) {
  const index = program.getSourceFile(join(folder, file));
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(index));
  const resolved = (symbol) => {
    const own = symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const nodes = own.declarations.map((handle) => statementOf(handle.resolve()));
    const form = nodes.map(formOf).find((found) => found !== undefined);
    return { name: symbol.name, nodes, inherited: nodes.flatMap(basesOf), form };
  };
  /** Returns the abstract classes whose operations a class offers, nearest first. */
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
  const isMain = (name) => main.some((symbol) => symbol.name === name);
  // The iteration of a Map includes the entries that are added meanwhile.
  for (const { nodes, inherited } of known.values()) {
    for (const name of [...nodes, ...inherited].flatMap(typesNamedIn)) {
      const { text } = name;
      if (known.has(text) || isMain(text) || text === RETURNS) continue;
      const symbol = checker.getSymbolAtLocation(name);
      const found = symbol === undefined ? undefined : resolved(symbol);
      if (found?.nodes.every((node) => isOurs(node, folder))) known.set(text, found);
    }
  }
  const behind = [...known.values()].filter((symbol) => !exports.includes(symbol));
  return { exports, behind };
}

/** Returns the statement of a constant, which has its docstring; any other declaration as it is. */
const statementOf = (node) =>
  node.kind === SyntaxKind.VariableDeclaration ? node.parent.parent : node;

/** Returns the type that a class or interface extends. */
const extendedBy = (node) =>
  node.heritageClauses?.find(({ token }) => token === SyntaxKind.ExtendsKeyword)?.types[0];

/** The forms of operations: 'promise' of a handle, 'value' of its sync twin, 'place' of a batch. */
const FORMS = {
  promise: (value) => `Promise<${value}>`,
  value: (value) => value,
  place: (value) => `Place<${value}>`,
};

/** Returns the form in which a class offers the operations of the class that it extends. */
const formOf = (node) =>
  Object.keys(FORMS).find(
    (form) => extendedBy(node)?.typeArguments?.[0]?.getText() === `'${form}'`,
  );

const isOurs = (node, folder) =>
  node.kind !== SyntaxKind.TypeParameter && node.getSourceFile().fileName.startsWith(`${folder}/`);

/** Returns the names of the types in a declaration, except in private members. */
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

/** Returns the docstring of a node, if any: its description, and its tags as [name, text]. */
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
 * Returns the properties of a class or interface that need a docstring. A property that excludes
 * something (`fwmark?: undefined`) needs none.
 */
const propertiesOf = (node) =>
  membersOf(node).filter(
    ({ kind, type }) => PROPERTIES.has(kind) && type?.kind !== SyntaxKind.UndefinedKeyword,
  );

/** Returns the text of a declaration or member, without members that are not public. */
function code(node) {
  const indent = PROPERTIES.has(node.kind) || METHODS.has(node.kind) ? /^ {2}/gm : /^/g;
  const hidden = [...(node.members ?? [])].filter((member) => !isPublic(member));
  return hidden
    .reduce((text, member) => text.replace(member.getFullText(), ''), node.getText())
    .replace(/^export (declare )?/, '')
    .replace(/^(class \w+) extends \w+<'\w+'>/, '$1')
    .replace(BRAND, '')
    .replace(indent, '');
}

/** A property that exists for the compiler only, named by a symbol that is not exported. */
const BRAND = /\s+& \{\s*readonly \[[A-Z]+\]: \w+;?\s*\}/;

/** Returns a declaration up to its members: `class ReconcileError extends IpvsError`. */
const header = (node) => code(node).split(/\s\{/, 1)[0];

const fence = (purpose, texts) => ['```ts '.concat(purpose), ...texts, '```'].join('\n');

/** Wraps a text at WIDTH columns, with `indent` before all lines but the first. */
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

/** Formats the prose of a docstring: paragraphs and lists, with links to the sections. */
function prose(text, link) {
  return text
    .replace(/\{@link ([\w.]+)(?:\(\))?\}/g, (_, name) => link(name))
    .split(/\n\s*\n|\n(?=- )/)
    .map((part) => (part.startsWith('```') ? part : wrap(part, part.startsWith('- ') ? '  ' : '')))
    .join('\n\n')
    .replace(/^(- .*(?:\n {2}.*)*)\n\n(?=- )/gm, '$1\n');
}

const LABELS = { param: 'Parameter', returns: 'Returns', throws: 'Throws' };

/** The text of an `@example`. The tests of the documents run the block as a program. */
const EXAMPLE = /^```ts\n(?:(?!```)[\s\S])*\n```$/;

/** Returns the paragraphs of a docstring: its description, a list of its tags, its examples. */
function describe({ description, tags }, link) {
  const examples = tags.filter(([name]) => name === 'example').map(([, text]) => text);
  const other = examples.find((text) => !EXAMPLE.test(text));
  if (other !== undefined) throw new Error(`an example that is not a block of ts: ${other}`);
  const described = tags.filter(([name]) => name !== 'example');
  const items = described.map(([name, text]) => {
    const label = LABELS[name];
    if (label === undefined) throw new Error(`unknown tag in a docstring: @${name}`);
    const body = name === 'param' ? text.replace(/^(\w+)\s+(-\s+)?/, '`$1`: ') : text;
    return wrap(`- ${label} ${prose(body, link).replaceAll('\n', ' ')}`, '  ');
  });
  return [prose(description, link), ...(items.length === 0 ? [] : [items.join('\n')]), ...examples];
}

/**
 * Maps each class to the expression of its instance: `ipvs.sysctls` for the class of the property
 * `sysctls` of a handle.
 */
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
  const handle = exports.find(({ name }) => name === 'Ipvs');
  if (handle !== undefined) follow(handle);
  return paths;
}

const anchor = (title) =>
  title
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');

/** The name of the return type of methods that are declared once for all forms. */
const RETURNS = 'Returns';

/** Returns the text of a member in a form. */
const inForm = (text, form) =>
  text.replaceAll(/\bReturns<([\s\S]*)>\[How\]/g, (_, value) => FORMS[form](value));

/**
 * Returns the sections of the members of a class or interface, inherited ones included. Overloads
 * share a section.
 */
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

/** @param main the symbols of the main entry, if this is another one */
function render({ title: heading, path: importPath, more }, { exports, behind }, main) {
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

  /** Returns the class whose sections describe the methods of a class with another form. */
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
      if (title !== undefined) return `[${title}](#${anchor(title)})`;
      const isMain = main.some((each) => each.name === target);
      return isMain ? `[${target}](api.md#${anchor(target)})` : `\`${target}\``;
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
    for (const { title, texts, doc: own } of sections) {
      if (own === undefined) lacking.push(title);
      parts.push(`#### ${title}`, fence('members', texts), ...(own ? describe(own, link) : []));
    }
    return parts;
  };

  const chapter = (title, symbols) => {
    if (symbols.length === 0) return [];
    // Readers look for the handle first.
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
  chapters.push(...chapter('Types that are not exported', behind));
  const left = exports.filter(
    ({ nodes }) => !KINDS.some(([, kinds]) => kinds.includes(nodes[0].kind)),
  );
  if (left.length > 0)
    throw new Error(`declarations of an unknown kind: ${left.map(({ name }) => name)}`);
  const introduction = wrap(`Every symbol that \`import … from '${importPath}'\` offers. ${more}`);
  const parts = [`# ${heading}`, NOTE, introduction, ...chapters];
  return { text: `${parts.join('\n\n')}\n`, lacking };
}

const check = process.argv[2] === '--check';
const [declarations, target] = process.argv.slice(check ? 3 : 2).map((path) => resolve(path));
const project = openDeclarations(declarations);
const lacking = [];
let main = [];
for (const entry of ENTRIES) {
  const symbols = readExports(project, entry, main);
  const { text, lacking: own } = render(entry, symbols, main);
  if (main.length === 0) main = symbols.exports;
  lacking.push(...own.map((name) => `${entry.path}: ${name}`));
  const document = join(target, entry.document);
  if (!check) writeFileSync(document, text);
  else if (!existsSync(document) || readFileSync(document, 'utf8') !== text) {
    console.error(`api-docs: ${document} is out of date: run scripts/api-docs`);
    process.exitCode = 1;
  }
}
project.close();
if (lacking.length > 0) {
  console.error(
    `api-docs: these have no docstring:\n${lacking.map((name) => `  ${name}`).join('\n')}`,
  );
  process.exitCode = 1;
}
