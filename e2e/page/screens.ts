import { afterAll, beforeAll, test } from "vitest";
import { places } from "../places";
import { type Page, startPage } from "./page";

/** Looks at every place in one theme. Each theme is a file of its own, so that two browsers share the work. */
export function everyScreen(theme: "light" | "dark"): void {
  let page: Page;
  beforeAll(async () => {
    page = await startPage();
  });
  afterAll(() => page.close());

  test.each(places)("$name opens and can be used by everyone", async (place) => {
    await page.open(place.scene, { ...place.parameters, theme });
    await place.go(page);
    await page.settle();
    await page.expectAccessible(place.name);
    await page.expectNoTroubles();
  });
}
