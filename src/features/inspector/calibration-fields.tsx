import { component$, useContext } from "@builder.io/qwik";
import { Words } from "~/errors";
import type { CalibrationMode } from "~/ipc";
import { SheetContext } from "~/state/sheet";
import { SegmentedControl } from "~/ui";
import { canCalibrate, DEFAULT_CALIBRATION, recipeOfColumn } from "./draft";
import { LabelFiguresPanel } from "./label-figures";
import { AiColumnContext, columnOf } from "./state";
import { text } from "./strings";

const MODES: readonly CalibrationMode[] = ["none", "prior", "batch"];

/** Whether what the model likes without reading is taken back from its labels, and how. */
export const CalibrationFields = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { calibration } = state.draft;
  const saved = recipeOfColumn(columnOf(sheet, state));
  const { recalibrated } = state;
  // Undo takes the calibration back, and another one may be chosen since.
  const isStillSo =
    recalibrated?.mode === calibration &&
    calibration === (saved?.calibration ?? DEFAULT_CALIBRATION);
  return (
    <div class="flex flex-col gap-1.5">
      <SegmentedControl
        label={text.calibration.label}
        value={calibration}
        options={MODES.map((mode) => ({ value: mode, label: text.calibration.modes[mode] }))}
        disabled={sheet.readOnly !== null}
        onChange$={(value) => {
          const mode = MODES.find((one) => one === value);
          if (mode !== undefined) state.draft.calibration = mode;
        }}
        testId="inspector-calibration"
      />
      <p class="text-sm text-muted">{text.calibration.hints[calibration]}</p>
      {recalibrated !== null && isStillSo && (
        <p class="text-sm text-success" role="status" data-testid="inspector-recalibrated">
          <Words text={recalibrated.text} />
        </p>
      )}
      {state.column !== null && canCalibrate(saved?.output) && (
        <LabelFiguresPanel column={state.column} />
      )}
    </div>
  );
});
