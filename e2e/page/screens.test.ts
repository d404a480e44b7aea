import { afterAll, beforeAll, expect, test } from "vitest";
import { places } from "../places";
import { type Page, startPage } from "./page";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
afterAll(() => page.close());

test.each(places)("$name opens and can be used by everyone, light and dark", async (place) => {
  await page.open(place.scene, { ...place.parameters, theme: "light" });
  await place.go(page);
  await page.settle();
  await page.expectAccessible(place.name);
  // Nothing makes the document longer than the window, which would move all of it.
  const scrolled = await page.browser.execute(() => {
    window.scrollTo(0, 10_000);
    document.body.scrollTop = 10_000;
    return window.scrollY + document.body.scrollTop;
  });
  expect(scrolled).toBe(0);
  // A theme is colours and nothing else.
  await page.browser.execute(() => {
    document.documentElement.dataset.theme = "dark";
  });
  await page.expectAccessible(`${place.name} in the dark`, ["color-contrast"]);
  await page.expectNoTroubles();
});
