import type { commands } from "../bindings";
import { appCommands } from "./app";
import { backendCommands } from "./backends";
import { cellCommands } from "./cells";
import { columnCommands } from "./columns";
import { downloadCommands } from "./downloads";
import { findCommands } from "./find";
import { hubCommands } from "./hub";
import { inferenceCommands } from "./inference";
import { labelCommands } from "./labels";
import { localModelCommands } from "./local-models";
import { mlxCommands } from "./mlx";
import { modelCommands } from "./models";
import { recipeCommands } from "./recipes";
import { Runner } from "./runs";
import { sheetCommands } from "./sheets";
import { splitCommands } from "./split";
import { sqlCommands } from "./sql";
import { statsCommands } from "./stats";
import { transferCommands } from "./transfer";
import { tuneCommands } from "./tune";
import { viewCommands } from "./views";
import type { World } from "./world";

type Real = typeof commands;
type Data<P> =
  P extends Promise<infer R> ? (R extends { status: "ok"; data: infer T } ? T : never) : never;

/**
 * Every command of the Rust side, answered in memory. The type follows the generated bindings,
 * so that a command that changes there does not compile here.
 */
export type FakeCommands = {
  [K in keyof Real]: (
    ...args: Parameters<Real[K]>
  ) => Data<ReturnType<Real[K]>> | Promise<Data<ReturnType<Real[K]>>>;
};

/** Some of the commands, as one module answers them. */
export type Part<K extends keyof FakeCommands> = Pick<FakeCommands, K>;

/** All commands over one world. */
export function fakeCommands(world: World, runner: Runner = new Runner(world)): FakeCommands {
  return {
    ...appCommands(world, runner),
    ...backendCommands(world, runner),
    ...modelCommands(world, runner),
    ...localModelCommands(world),
    ...hubCommands(world),
    ...downloadCommands(world),
    ...mlxCommands(world),
    ...tuneCommands(world),
    ...sheetCommands(world, runner),
    ...transferCommands(world),
    ...recipeCommands(world),
    ...columnCommands(world, runner),
    ...cellCommands(world),
    ...findCommands(world),
    ...viewCommands(world),
    ...statsCommands(world),
    ...sqlCommands(world),
    ...inferenceCommands(world, runner),
    ...labelCommands(world, runner),
    ...splitCommands(world),
  };
}
