import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, test } from "vitest";
import { type Page, startPage } from "../page/page";
import { places } from "../places";

const FOLDER = "build/screenshots";
const SIZES = [
  { width: 1400, height: 900 },
  { width: 800, height: 600 },
];

const wanted = (process.env.BRAINCELLS_PLACES ?? "").split(" ").filter((word) => word !== "");
const shown = places.filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)),
);

let page: Page;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  page = await startPage();
});
afterAll(() => page.close());

for (const size of SIZES) {
  for (const theme of ["light", "dark"]) {
    for (const place of shown) {
      const name = `${place.name}-${theme}-${size.width}`;
      test(name, async () => {
        await page.resize(size);
        await page.open(place.scene, { ...place.parameters, theme });
        await place.go(page);
        await page.settle();
        await page.browser.saveScreenshot(`${FOLDER}/${name}.png`);
      });
    }
  }
}
