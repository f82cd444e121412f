// Links into an editor. The page knows paths as the program named them, and the folder that it lies in.

const EDITORS = {
  none: ["No links", ""],
  vscode: ["VS Code", "vscode://file/{path}:{line}:{column}"],
  cursor: ["Cursor", "cursor://file/{path}:{line}:{column}"],
  windsurf: ["Windsurf", "windsurf://file/{path}:{line}:{column}"],
  zed: ["Zed", "zed://file/{path}:{line}:{column}"],
  pycharm: ["PyCharm", "pycharm://open?file={path}&line={line}&column={column}"],
  sublime: ["Sublime Text", "subl://open?url=file://{path}&line={line}&column={column}"],
  file: ["The browser", "file://{path}"],
  own: ["Another one", ""],
};

const editor = {
  name: remembered("editor", "vscode"),
  template: remembered("editor.template", "myeditor://{path}:{line}"),
  folder: remembered("editor.folder", ""),
};

// The folder of the page, which is that of the program where the report was written beside it.
function ownFolder() {
  if (location.protocol !== "file:") return "";
  return decodeURIComponent(location.pathname.replace(/\/[^/]*$/, ""));
}

function absolute(path) {
  if (/^([/\\]|[A-Za-z]:)/.test(path)) return path;
  const folder = editor.folder || ownFolder();
  return folder ? `${folder.replace(/[/\\]$/, "")}/${path}` : "";
}

// The address that opens a place; empty where none can be made.
function editorAddress(place) {
  const template = editor.name === "own" ? editor.template : EDITORS[editor.name]?.[1];
  const path = place.path && !place.cell ? absolute(place.path) : "";
  if (!template || !path || !/^[a-z][a-z0-9+.-]*:/i.test(template) || /^(javascript|data):/i.test(template)) return "";
  const slashed = path.replaceAll("\\", "/");
  const encoded = slashed.split("/").map(encodeURIComponent).join("/").replaceAll("%3A", ":");
  // Some addresses have their own slash before a path: file/{path} wants none of it.
  const bare = /[^:/]\/\{path\}/.test(template) ? encoded.replace(/^\//, "") : encoded;
  return template
    .replaceAll("{path}", bare)
    .replaceAll("{line}", String(place.line || 1))
    .replaceAll("{column}", String(place.column || 1));
}

const editorLinks = new Set(); // weakly held, to be renewed when the choice changes

function editorLink(place) {
  const link = make("a", { class: "editor", title: "Open in the editor" }, "open");
  link.setAttribute("aria-label", `Open ${placeSaid(place)} in the editor`);
  renewLink(link, place);
  editorLinks.add(new WeakRef(Object.assign(link, { place })));
  return link;
}

function renewLink(link, place) {
  const address = editorAddress(place);
  link.hidden = !address;
  if (address) link.href = address;
}

function renewLinks() {
  for (const held of editorLinks) {
    const link = held.deref();
    if (link) renewLink(link, link.place);
    else editorLinks.delete(held);
  }
}

function editorSettings() {
  const field = (label, control) => make("label", {}, make("span", {}, label), control);
  const template = make("input", { value: editor.template, id: "editor-template", spellcheck: "false" });
  const folder = make("input", { value: editor.folder, id: "editor-folder", placeholder: ownFolder() || "/home/me/project", spellcheck: "false" });
  const choice = make(
    "select",
    { id: "editor" },
    Object.entries(EDITORS).map(([name, [said]]) => make("option", { value: name, selected: name === editor.name }, said)),
  );
  const own = field("Address, with {path}, {line} and {column}", template);
  const changed = () => {
    Object.assign(editor, { name: choice.value, template: template.value, folder: folder.value.trim() });
    own.hidden = editor.name !== "own";
    remember("editor", editor.name);
    remember("editor.template", editor.template);
    remember("editor.folder", editor.folder);
    renewLinks();
  };
  own.hidden = editor.name !== "own";
  for (const control of [choice, template, folder]) control.addEventListener("input", changed);
  return make(
    "details",
    { class: "menu" },
    make("summary", {}, "Editor"),
    make("div", { class: "panel" }, field("Places open in", choice), own, field("Folder of the program", folder),
      make("p", { class: "soft" }, "Kept in this browser. Without a folder, that of this page is taken.")),
  );
}
