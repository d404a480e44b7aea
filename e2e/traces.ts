import { expect } from "vitest";
import type { Browser } from "./browser";

/** The places of the page that hold a text: markup, fields, what is remembered, address, title. */
function placesOf(browser: Browser, text: string): Promise<string[]> {
  return browser.execute((wanted) => {
    const fields = [...document.querySelectorAll<HTMLInputElement>("input, textarea, select")];
    const places = {
      markup: document.documentElement.outerHTML,
      fields: fields.map((field) => field.value).join("\n"),
      localStorage: JSON.stringify({ ...localStorage }),
      sessionStorage: JSON.stringify({ ...sessionStorage }),
      address: location.href,
      title: document.title,
    };
    const entries = Object.entries(places);
    return entries.filter(([, held]) => held.includes(wanted)).map(([place]) => place);
  }, text);
}

/** Whether a text is anywhere in the page. */
export async function isInPage(browser: Browser, text: string): Promise<boolean> {
  return (await placesOf(browser, text)).length > 0;
}

/** Fails where a secret is anywhere in the page, and where the search would not find it there. */
export async function expectNotInPage(browser: Browser, secret: string): Promise<void> {
  const control = "sk-control-2c8e61d0";
  await browser.execute((planted) => {
    const field = document.createElement("input");
    field.id = "planted-field";
    field.value = planted;
    const markup = document.createElement("i");
    markup.id = "planted-markup";
    markup.dataset.planted = planted;
    document.body.append(field, markup);
    localStorage.setItem("planted", planted);
    sessionStorage.setItem("planted", planted);
  }, control);
  const found = await placesOf(browser, control);
  await browser.execute(() => {
    for (const id of ["planted-field", "planted-markup"]) document.getElementById(id)?.remove();
    localStorage.removeItem("planted");
    sessionStorage.removeItem("planted");
  });
  expect(found).toEqual(["markup", "fields", "localStorage", "sessionStorage"]);
  expect(await placesOf(browser, control)).toEqual([]);
  expect(await placesOf(browser, secret)).toEqual([]);
}
