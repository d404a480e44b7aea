import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "vitest";
import type { Browser } from "./browser";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What a screen reader would stumble over, as axe-core words it. */
interface Finding {
  id: string;
  impact: string | null;
  help: string;
  nodes: string[];
}

/** What specs do with a page and see of it, whether it is in a browser or in the program. */
export interface Hands {
  browser: Browser;
  /** Waits until what happened so far is painted. */
  frame(): Promise<void>;
  /** Waits until what was asked for is painted and animations that end have ended. */
  settle(): Promise<void>;
  /** The element with a test id, once it is shown. */
  byId(testId: string): Promise<WebdriverIO.Element>;
  /** The element with a role and an accessible name, once it is shown. */
  byRole(role: string, name: string | RegExp): Promise<WebdriverIO.Element>;
  /** Whether an element with a test id is shown now. */
  isShown(testId: string): Promise<boolean>;
  /** Waits until no element with a test id is shown. */
  gone(testId: string): Promise<void>;
  /** The text of the first element with a test id; null when there is none. */
  textOf(testId: string): Promise<string | null>;
  /** Clicks elements by their test ids, one after another. */
  click(...testIds: string[]): Promise<void>;
  /** Clicks one of a group of options, or a switch, by its label. */
  option(testId: string, label: string): Promise<void>;
  /** Replaces the text of a field, as one input: keys such as Tab are text here. */
  fill(testId: string, text: string): Promise<void>;
  /** Chooses the option of a select by the beginning of its label. */
  choose(testId: string, label: string): Promise<void>;
  /** Presses keys together, such as `["Control", "z"]`. */
  press(...keys: string[]): Promise<void>;
  /** Types a text where the focus is, key by key. */
  type(text: string): Promise<void>;
  /** Waits until the page contains a text that is shown. */
  sees(text: string | RegExp): Promise<void>;
  /** Fails with what axe-core finds serious or critical. */
  expectAccessible(where: string, rules?: string[]): Promise<void>;
}

/** The hands for a browser session. */
export function handsOf(browser: Browser): Hands {
  /** The first of the elements that is shown and passes a test. */
  const shown = async (
    selector: string,
    what = selector,
    test: (element: WebdriverIO.Element) => Promise<boolean> = async () => true,
  ): Promise<WebdriverIO.Element> => {
    let found: WebdriverIO.Element | null = null;
    await browser.waitUntil(
      async () => {
        for (const element of await browser.$$(selector).getElements()) {
          // An element that goes while it is looked at is not the one.
          const fits = async () => (await element.isDisplayed()) && (await test(element));
          if (!(await fits().catch(() => false))) continue;
          found = element;
          return true;
        }
        return false;
      },
      { timeoutMsg: `nothing is shown for ${what}` },
    );
    if (found === null) throw new Error(`nothing is shown for ${what}`);
    return found;
  };
  const hands: Hands = {
    browser,
    async frame() {
      await browser.executeAsync((done) => {
        requestAnimationFrame(() => requestAnimationFrame(() => done()));
      });
    },
    async settle() {
      await hands.frame();
      await browser.waitUntil(
        () =>
          browser.execute(() =>
            document
              .getAnimations()
              .filter((each) => each.effect?.getComputedTiming().iterations !== Infinity)
              .every((each) => each.playState !== "running"),
          ),
        { timeoutMsg: "something on the page never stands still" },
      );
    },
    byId: (testId) => shown(idSelector(testId)),
    byRole: (role, name) =>
      shown(roleSelector(role), `${role} ${name}`, async (element) => {
        const label = await element.getComputedLabel();
        return typeof name === "string" ? label === name : name.test(label);
      }),
    async isShown(testId) {
      return browser.execute((selector) => {
        const all = [...document.querySelectorAll(selector)];
        return all.some((each) => each.checkVisibility({ visibilityProperty: true }));
      }, idSelector(testId));
    },
    async gone(testId) {
      await browser.waitUntil(async () => !(await hands.isShown(testId)), {
        timeoutMsg: `${testId} is still shown`,
      });
    },
    async textOf(testId) {
      return browser.execute(
        (selector) => document.querySelector(selector)?.textContent?.trim() ?? null,
        idSelector(testId),
      );
    },
    async click(...testIds) {
      for (const testId of testIds) {
        const element = await hands.byId(testId);
        // A button that is off for a moment would swallow the click.
        await element.waitForEnabled();
        await element.click();
      }
    },
    async option(testId, label) {
      const group = await hands.byId(testId);
      await group.$(`label=${label}`).click();
    },
    async fill(testId, text) {
      const field = await hands.byId(testId);
      await browser.execute(
        (element, value) => {
          const input = element as unknown as HTMLInputElement | HTMLTextAreaElement;
          input.focus();
          input.select();
          document.execCommand(value === "" ? "delete" : "insertText", false, value);
        },
        field,
        text,
      );
    },
    async choose(testId, label) {
      const field = await hands.byId(testId);
      // The list of a native select is a window of the system, which WebDriver cannot reach.
      await browser.execute(
        (element, wanted) => {
          const select = element as unknown as HTMLSelectElement;
          const option = [...select.options].find((each) => each.label.trim().startsWith(wanted));
          if (!option) throw new Error(`there is no option ${wanted}`);
          select.value = option.value;
          select.dispatchEvent(new Event("input", { bubbles: true }));
          select.dispatchEvent(new Event("change", { bubbles: true }));
        },
        field,
        label,
      );
    },
    async press(...keys) {
      await browser.keys(keys);
    },
    async type(text) {
      // Several characters in one go are keys that are held together.
      for (const character of text) await browser.keys(character);
    },
    async sees(text) {
      await browser.waitUntil(
        async () => {
          const body = await browser.execute(
            () =>
              // biome-ignore lint/performance/useDomNodeTextContent: only what is shown counts
              document.body.innerText,
          );
          return typeof text === "string" ? body.includes(text) : text.test(body);
        },
        { timeoutMsg: `the page does not say ${text}` },
      );
    },
    async expectAccessible(where, rules) {
      await browser.execute(`if (!window.axe) { ${AXE} }`);
      // What still fades in has less contrast than it will have.
      await hands.settle();
      const findings = (await browser.executeAsync((only: string[] | null, done) => {
        const { axe } = window as unknown as { axe: typeof import("axe-core") };
        const chosen = only === null ? {} : { runOnly: only };
        axe.run(document, { resultTypes: ["violations"], ...chosen }).then(
          ({ violations }) =>
            done(
              violations.map(({ id, impact, help, nodes }) => ({
                id,
                impact: impact ?? null,
                help,
                nodes: nodes.slice(0, 5).map((node) => `${node.html} ${node.failureSummary ?? ""}`),
              })),
            ),
          (error: unknown) =>
            done([{ id: "axe", impact: "critical", help: String(error), nodes: [] }]),
        );
      }, rules ?? null)) as Finding[];
      const severe = findings.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(severe, `axe-core on ${where}`).toEqual([]);
    },
  };
  return hands;
}

function idSelector(testId: string): string {
  return `[data-testid="${testId}"]`;
}

const IMPLICIT: Record<string, string> = {
  button: "button, [role=button]",
  textbox: "input:not([type=checkbox]):not([type=radio]), textarea, [role=textbox]",
  combobox: "select, [role=combobox]",
  radio: "input[type=radio], [role=radio]",
  checkbox: "input[type=checkbox], [role=checkbox], [role=switch]",
  dialog: "dialog[open], [role=dialog], [role=alertdialog]",
  link: "a[href], [role=link]",
  heading: "h1, h2, h3, h4, [role=heading]",
};

function roleSelector(role: string): string {
  return IMPLICIT[role] ?? `[role="${role}"]`;
}
