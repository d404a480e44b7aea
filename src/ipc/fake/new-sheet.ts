import { FakeSheet } from "./sheet";
import type { World } from "./world";

/** A name that no sheet has yet. */
export function freeSheetName(world: World, wanted: string): string {
  const names = new Set([...world.sheets.values()].map((sheet) => sheet.info.name));
  let name = wanted;
  for (let at = 2; names.has(name); at += 1) name = `${wanted} ${at}`;
  return name;
}

/** A new sheet without rows or columns. */
export function newSheet(world: World, name: string, rowCount = 0): FakeSheet {
  const sheet = new FakeSheet(world.newSheetId(), name, rowCount, world.now);
  world.sheets.set(sheet.info.id, sheet);
  return sheet;
}
