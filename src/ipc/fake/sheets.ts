import type { SheetInfo } from "../bindings";
import type { Part } from "./commands";
import { makeExample } from "./example";
import { refuse } from "./failure";
import { freeSheetName, newSheet } from "./new-sheet";
import type { Runner } from "./runs";
import type { FakeSheet } from "./sheet";
import type { World } from "./world";

function named(name: string): string {
  const trimmed = name.trim();
  if (trimmed === "") refuse("bad_input", "a sheet name cannot be blank", "write one that is not");
  return trimmed;
}

function copyOf(world: World, sheet: FakeSheet, name: string): FakeSheet {
  const copy = newSheet(world, name);
  copy.copyFrom(sheet);
  return copy;
}

export function sheetCommands(world: World, runner: Runner): Part<SheetCommand> {
  const refuseBusy = (id: string): void => {
    if (!runner.live().some((run) => run.progress.sheet === id)) return;
    refuse(
      "conflict",
      `sheet \`${id}\` has a run under way`,
      "wait for the run to end, or stop it first",
    );
  };
  const trashed = (id: string) =>
    world.trashed.get(id) ?? refuse("not_found", `there is no sheet \`${id}\` in the trash`);
  return {
    sheets: () =>
      [...world.sheets.values()]
        .map((sheet): SheetInfo => ({ ...sheet.info }))
        .sort((left, right) => right.changed_at_ms - left.changed_at_ms),
    createSheet: (name) => newSheet(world, named(name)).info,
    createExampleSheet: () => makeExample(world).info,
    openSheet: (id) => {
      const { info, columns, notices, readOnly } = world.sheet(id);
      return { info, columns, notices, read_only: readOnly };
    },
    renameSheet: (id, name) => {
      const sheet = world.sheet(id);
      sheet.info.name = named(name);
      sheet.info.changed_at_ms = world.now();
      return null;
    },
    duplicateSheet: (id, name) => {
      const sheet = world.sheet(id);
      const wanted = name === null ? freeSheetName(world, `${sheet.info.name} copy`) : named(name);
      return copyOf(world, sheet, wanted).info;
    },
    deleteSheet: (id) => {
      const sheet = world.sheet(id);
      refuseBusy(id);
      world.sheets.delete(id);
      world.trashed.set(id, {
        sheet,
        entry: { sheet: sheet.info, deleted_at_ms: world.now() },
      });
      return null;
    },
    trash: () => [...world.trashed.values()].map(({ entry }) => entry).reverse(),
    restoreSheet: (id) => {
      const { sheet } = trashed(id);
      world.trashed.delete(id);
      world.sheets.set(id, sheet);
      return sheet.info;
    },
    deleteTrashed: (id) => {
      trashed(id);
      world.trashed.delete(id);
      return null;
    },
    emptyTrash: () => {
      const count = world.trashed.size;
      world.trashed.clear();
      return count;
    },
  };
}

type SheetCommand =
  | "sheets"
  | "createSheet"
  | "createExampleSheet"
  | "openSheet"
  | "renameSheet"
  | "duplicateSheet"
  | "deleteSheet"
  | "trash"
  | "restoreSheet"
  | "deleteTrashed"
  | "emptyTrash";
