import { afterAll, beforeAll, describe, test } from "vitest";
import { places } from "../places";
import { type Page, startPage } from "./page";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
afterAll(() => page.close());

describe.each(["light", "dark"])("in the %s theme", (theme) => {
  test.each(places)("$name opens and can be used by everyone", async (place) => {
    await page.open(place.scene, { ...place.parameters, theme });
    await place.go(page);
    await page.settle();
    await page.expectAccessible(place.name);
    await page.expectNoTroubles();
  });
});
