import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Home, makeHome } from "./app";
import { importByButton } from "./steps";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

/** Every request that something in a cell made. */
const requests: string[] = [];
const server = createServer((request, response) => {
  requests.push(`${request.method} ${request.url}`);
  response.end("window.__pwned = 'script from the network'");
});

/** What must never be seen in the page, though the program is started with it. */
const SECRETS = { HF_TOKEN: `hf_${"a1B2".repeat(8)}`, OPENAI_API_KEY: `sk-${"c3D4".repeat(8)}` };

let home: Home;
let window: AppWindow;
let rows = 0;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await fetch(`${origin()}/heard`);
  expect(requests.splice(0)).toEqual(["GET /heard"]);
  Object.assign(process.env, SECRETS);
  home = await makeHome();
  window = await openWindow(home);
  await window.browser.execute(() => {
    const troubles: string[] = [];
    Object.assign(globalThis, { troubles });
    document.addEventListener("securitypolicyviolation", (event) => {
      troubles.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
    addEventListener("error", (event) => troubles.push(event.message));
  });
});
beforeEach((context) => pictureIfFailed(() => window, context));
afterAll(async () => {
  await window?.close();
  await home?.close();
  for (const name of Object.keys(SECRETS)) delete process.env[name];
  server.closeAllConnections();
  server.close();
});

function origin(): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}`;
}

/** Cells that would do harm in a page that believed them. */
function hostileCells(): string[] {
  const at = origin();
  const harm = (name: string) => `window.__pwned='${name}'`;
  return [
    `<script>${harm("script")}</script>`,
    `<script src="${at}/script.js"></script>`,
    `<img src="${at}/beacon.png" onerror="${harm("onerror")}">`,
    `<img src=x onerror="${harm("onerror")}">`,
    `<iframe src="${at}/frame"></iframe>`,
    `<iframe srcdoc="<script>parent.__pwned='srcdoc'</script>"></iframe>`,
    `<div><style>@import "${at}/style.css"; body{background:url(${at}/background.png)}</style></div>`,
    `<html><head><meta http-equiv="refresh" content="0;url=${at}/refresh"><base href="${at}/"><link rel="stylesheet" href="/linked.css"></head><body onload="${harm("onload")}"><img src="relative.png"></body></html>`,
    `<p><object data="${at}/object"></object><embed src="${at}/embed"></p>`,
    `<p><svg onload="${harm("svg")}"><image href="${at}/svg.png"/></svg></p>`,
    `<p><video src="${at}/video" autoplay></video><audio src="${at}/audio"></audio></p>`,
    `<form action="${at}/form"><input autofocus onfocus="${harm("onfocus")}"></form>`,
    `# Title\n\n![beacon](${at}/markdown.png) and **bold**\n\n- [link](javascript:${harm("link")})\n- [other](${at}/link)`,
    `[click](javascript:${harm("link")}) [data](data:text/html,<script>${harm("data")}</script>)`,
    `javascript:${harm("address")}`,
    `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="${harm("image")}"><image href="${at}/image.png"/></svg>`,
    `{"__proto__":{"polluted":"yes"},"a":"<img src=${at}/json.png>"}`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a template would run
    "{{constructor.constructor('window.__pwned=1')()}} ${window.__pwned=1}",
    "\u001b[31mred\u001b[0m \u001b]8;;http://example.org\u0007link\u001b]8;;\u0007 \u001b[2J",
    "invoice\u202efdp.exe \u2066hidden\u2069 \u200bzero",
    '=HYPERLINK("http://127.0.0.1","click")',
    `${"<b>".repeat(3000)}deep`,
    `${"word ".repeat(1_000_000)}<script>${harm("long")}</script>`,
  ];
}

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

/** Nothing ran, nothing left the window, and nothing of the environment is in it. */
async function expectHarmless(where: string): Promise<void> {
  const found = await window.browser.execute(() => ({
    ran: (globalThis as unknown as { __pwned?: string }).__pwned ?? "nothing",
    isPolluted: "polluted" in {},
    place: location.pathname + location.hash,
    markup: document.documentElement.outerHTML,
    frames: [...document.querySelectorAll("iframe")]
      .map((frame) => frame.getAttribute("sandbox"))
      .filter((sandbox) => sandbox !== ""),
    troubles: (globalThis as unknown as { troubles: string[] }).troubles,
  }));
  const { markup, ...rest } = found;
  expect(rest, where).toEqual({
    ran: "nothing",
    isPolluted: false,
    place: "/",
    frames: [],
    troubles: [],
  });
  expect(requests, where).toEqual([]);
  expect(markup.match(/\b(?:hf_|sk-)[A-Za-z0-9]{8,}/)?.[0] ?? "no secret", where).toBe("no secret");
}

test("a file of hostile cells is only ever text", async () => {
  const cells = hostileCells();
  rows = cells.length;
  const names = ["number", "<img src=x onerror=window.__pwned='name'>", "{{constructor}} \u202e"];
  const lines = cells.map((cell, at) => `${at + 1},${quoted(cell)},x`);
  const path = join(home.folder, "<b>hostile<b>.csv");
  await writeFile(path, [names.map(quoted).join(","), ...lines, ""].join("\n"));
  await importByButton(window, home, path);
  await expectHarmless("import");
  const elements = await window.browser.execute(
    () =>
      document.querySelectorAll("[role=grid] :is(script, iframe, img, object, embed, a)").length,
  );
  expect(elements).toBe(0);
  await window.option("sheet-row-height", "High");
  await window.grid.focus();
  await window.grid.press("Control+End", "Control+Home");
  await window.picture("hostile");
  await expectHarmless("scrolling");
});

test("every hostile cell can be looked at in every view", { timeout: 300_000 }, async () => {
  await window.grid.focus();
  await window.grid.press("Control+Home", "ArrowRight", "Space");
  await window.byId("cell-panel");
  for (let row = 1; row <= rows; row += 1) {
    await window.sees(`Row ${row}`);
    await window.byId("cell-view");
    const views = await window.browser.execute(() => {
      const select = document.querySelector<HTMLSelectElement>("[data-testid=cell-view]");
      return select ? [...select.options].map((option) => option.label) : [];
    });
    for (const view of views) {
      await window.choose("cell-view", view);
      await window.settle();
      await expectHarmless(`row ${row} as ${view}`);
    }
    if (row < rows) await window.click("cell-next");
  }
  await window.picture("hostile long cell");
});

test("a hostile name passes through menus, dialogs and prompts", async () => {
  await window.click("cell-close");
  await window.grid.focus();
  await window.grid.press("Control+Home", "ArrowRight", "Shift+F10");
  await window.byRole("menu", /./);
  await window.press("Escape");
  await window.click("sheet-filter");
  await window.byId("sheet-condition");
  await window.press("Escape");
  await window.click("sheet-export");
  await window.byId("export-dialog");
  await window.press("Escape");
  await window.gone("export-dialog");
  await window.click("sheet-add-column");
  await (await window.byRole("menuitem", /^AI column/)).click();
  await window.byId("inspector-prompt");
  await expectHarmless("names in menus and dialogs");
  await window.picture("hostile names");
});
