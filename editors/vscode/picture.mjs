// Takes the picture of the README: opens a file of a folder that code-server serves in Chromium, rests
// the pointer on a word, and saves what is seen. Needs Node 22 or newer (for WebSocket), and Chromium.
//
//   node picture.mjs http://127.0.0.1:8391/?folder=/folder train.py bernoulli picture.png

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const [address, file, word, picture] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "keystream-picture-"));
const browser = spawn(process.env.CHROMIUM ?? "chromium", [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--remote-debugging-port=0",
  `--user-data-dir=${profile}`,
  "--window-size=1000,560",
  "about:blank",
]);

const page = await connect(await endpoint());
try {
  await page("Page.enable");
  await page("Emulation.setDeviceMetricsOverride", {
    width: 1000,
    height: 560,
    deviceScaleFactor: 1,
    mobile: false,
  });
  await page("Page.navigate", { url: address });
  await seen(page, ".monaco-workbench .explorer-folders-view .monaco-list-row");
  await click(page, await placeOf(page, ".explorer-folders-view .label-name", file), 2);
  await seen(page, ".view-line");
  await seen(page, ".squiggly-error, .squiggly-warning"); // the server has answered
  await page("Input.dispatchMouseEvent", {
    type: "mouseMoved",
    ...(await placeOf(page, ".view-line span span", word)),
  });
  await seen(page, ".monaco-hover-content .rendered-markdown");
  await sleep(1500);
} finally {
  const { data } = await page("Page.captureScreenshot", { format: "png" });
  writeFileSync(picture, Buffer.from(data, "base64")); // where something was missing, it shows what
  browser.kill();
  await sleep(500);
  rmSync(profile, { recursive: true, force: true });
}

/** The address at which the browser listens: it says so on its error output. */
function endpoint() {
  return new Promise((resolve, reject) => {
    let said = "";
    browser.stderr.on("data", (data) => {
      said += data;
      const found = said.match(/ws:\/\/127\.0\.0\.1:(\d+)\//);
      if (found) resolve(`http://127.0.0.1:${found[1]}`);
    });
    browser.on("exit", () => reject(new Error(said)));
  });
}

/** A function that sends a command of the DevTools protocol to the browser's page. */
async function connect(base) {
  const pages = await (await fetch(`${base}/json`)).json();
  const socket = new WebSocket(pages.find((each) => each.type === "page").webSocketDebuggerUrl);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const waiting = new Map();
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(data);
    if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
  });
  let sent = 0;
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      waiting.set(++sent, { resolve, reject });
      socket.send(JSON.stringify({ id: sent, method, params }));
    });
}

async function value(page, expression) {
  const { result } = await page("Runtime.evaluate", { expression, returnByValue: true });
  return result.value;
}

/** Waits until something is there. */
async function seen(page, selector) {
  for (let tries = 0; tries < 240; tries++) {
    if (await value(page, `!!document.querySelector(${JSON.stringify(selector)})`)) return;
    await sleep(250);
  }
  throw new Error(`${selector} was not seen`);
}

/** The middle of the first element that has a text. */
async function placeOf(page, selector, text) {
  const place = await value(
    page,
    `(() => {
      const found = [...document.querySelectorAll(${JSON.stringify(selector)})]
        .find((each) => each.textContent.includes(${JSON.stringify(text)}));
      if (!found) return null;
      const box = found.getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    })()`,
  );
  if (!place) throw new Error(`there is no ${JSON.stringify(text)} in ${selector}`);
  return place;
}

async function click(page, place, times) {
  for (let count = 1; count <= times; count++) {
    const event = { ...place, button: "left", clickCount: count };
    await page("Input.dispatchMouseEvent", { type: "mousePressed", ...event });
    await page("Input.dispatchMouseEvent", { type: "mouseReleased", ...event });
  }
}
