// Elements, and words for numbers. Text always goes in as text: nothing of a program is ever parsed.

const byId = (id) => document.getElementById(id);

// An element. Properties that begin with "on" are listeners; null and false children are left out.
function make(tag, properties = {}, ...children) {
  const svg = ["svg", "path"].includes(tag);
  const element = svg
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

const formatter = new Intl.NumberFormat("en");
const number = (value) => formatter.format(value);
const plural = (count, name) =>
  `${number(count)} ${name}${count === 1 ? "" : name.endsWith("s") ? "es" : "s"}`;

function stepsSaid(first, last) {
  return first === last ? `step ${number(first)}` : `steps ${number(first)} to ${number(last)}`;
}

// Signs that turn text around or hide it: a comment must not look like code, nor code like a comment.
const DECEIVING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
function visible(text) {
  return text.replace(DECEIVING, (sign) => `\\u${sign.codePointAt(0).toString(16).padStart(4, "0")}`);
}

// Words of a finding, in which a name between backticks is code.
function worded(text) {
  return text.split(/`([^`\n]+)`/).map((part, at) => (at % 2 ? make("code", {}, visible(part)) : visible(part)));
}

// The same with a place to break a long name at: after each slash, and never within a word.
function breakable(text) {
  return visible(text).split(/(?<=\/)/).flatMap((part, at) => (at ? [make("wbr"), part] : [part]));
}

// What a screen reader says next.
function say(words) {
  byId("spoken").textContent = words;
}

// A severity is a colour, a shape and a word: no one of them alone.
const SHAPES = {
  error: "M8 1 15 8 8 15 1 8Z",
  warning: "M8 1.5 15.2 14.5H.8Z",
  note: "M8 1.5A6.5 6.5 0 1 0 8 14.5 6.5 6.5 0 1 0 8 1.5Z",
  fine: "M2 8.5 6 12.5 14 3.5 12.5 2.2 6 9.6 3.4 7Z",
};
function glyph(severity) {
  return make(
    "svg",
    { class: `glyph ${severity}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    make("path", { d: SHAPES[severity] }),
  );
}

function remembered(name, fallback) {
  try {
    return localStorage.getItem(`keystream.${name}`) ?? fallback;
  } catch {
    return fallback; // a browser that keeps nothing for a file
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`keystream.${name}`, value);
  } catch {
    // the choice holds until the page is closed
  }
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
function show(element, block = "start") {
  element.scrollIntoView({ behavior: calm() ? "auto" : "smooth", block });
}
