//! `labels`.

use braincells_core::{Calibration, LabelShare, render_value};
use braincells_workbench::{CheckedFigures, LabelCell, LabelFigures, Recalibration};
use indicatif::HumanCount;
use serde_json::json;

use crate::args::LabelsArgs;
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// Says how a column's labels are spread and how good they are; calibrates them anew if asked to.
pub async fn labels(session: &Session, arguments: &LabelsArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    let workbench = &session.workbench;
    let column = workbench.find_column(sheet, &arguments.column);
    let column = session.unless_stopped(column).await?;
    let done = match arguments.calibration {
        None => None,
        // Not stopped half-way: it is one step, and a short one.
        Some(how) => Some(workbench.recalibrate(sheet, column.id, how.into()).await?),
    };
    let figures = session.unless_stopped(workbench.label_figures(sheet, column.id)).await?;
    let cells = if arguments.cells {
        Some(session.unless_stopped(workbench.label_cells(sheet, column.id)).await?)
    } else {
        None
    };
    let mut result =
        json!({ "sheet": sheet, "column": column.name, "recalibrated": done, "figures": figures });
    if let Some(cells) = &cells {
        result["cells"] = json!(cells);
    }
    session.output.result("labels", &result)?;
    if let Some(done) = &done {
        session.output.notice(&what_was_done(done));
    }
    session.output.say_table(&counts(&figures), false)?;
    session.output.say(&calibration_lines(&figures))?;
    if let (Some(raw), Some(calibrated)) = (&figures.checked_raw, &figures.checked_calibrated) {
        session.output.say(&[String::new(), checked_line(raw, calibrated)])?;
        session.output.say_table(&reliability(raw, calibrated), false)?;
    }
    if let Some(cells) = &cells {
        session.output.say(&[String::new()])?;
        session.output.say_table(&shares(&figures, cells), false)?;
    }
    Ok(Ending::Complete)
}

fn what_was_done(done: &Recalibration) -> String {
    let mut parts = vec![format!(
        "{} cells are calibrated anew, {} of them with another label",
        HumanCount(done.cells),
        HumanCount(done.changed)
    )];
    if done.unscored > 0 {
        parts.push(format!("{} have no scores and stay", HumanCount(done.unscored)));
    }
    if done.without_prior > 0 {
        parts.push(format!("{} were never measured and stay", HumanCount(done.without_prior)));
    }
    parts.join("; ")
}

fn counts(figures: &LabelFigures) -> Table {
    let mut table = Table::new([
        ("label", Align::Left),
        ("as the model says", Align::Right),
        ("calibrated", Align::Right),
        ("bias", Align::Right),
    ]);
    let bias = |at: usize| {
        let bias = figures.calibration.as_ref().and_then(|used| used.bias.get(at));
        bias.map_or_else(String::new, |bias| format!("{bias:+.2}"))
    };
    for (at, count) in figures.counts.iter().enumerate() {
        table.push(vec![
            count.label.clone(),
            HumanCount(count.raw).to_string(),
            HumanCount(count.calibrated).to_string(),
            bias(at),
        ]);
    }
    table
}

fn calibration_lines(figures: &LabelFigures) -> Vec<String> {
    let mut lines = vec![match &figures.calibration {
        None => format!("calibration: {}; no cell has scores yet", figures.mode.as_str()),
        Some(used) => format!("calibration: {}", described(used)),
    }];
    if let Some(lead_in) = figures.calibration.as_ref().and_then(|used| used.lead_in.as_deref()) {
        lines.push(format!("scored behind: {} ...", lead_in.trim_end()));
    }
    if figures.unscored > 0 {
        let unscored = HumanCount(figures.unscored);
        lines.push(format!("{unscored} cells have no scores: they were filled without any"));
    }
    lines
}

fn described(used: &Calibration) -> String {
    let mut parts = vec![used.mode.as_str().to_owned()];
    if used.inputs > 0 {
        parts.push(format!("{} texts that name a label", HumanCount(used.inputs.into())));
    }
    if used.checked_cells > 0 {
        parts.push(format!("{} checked cells", HumanCount(used.checked_cells.into())));
    }
    if used.rows > 0 {
        parts.push(format!("the mean of {} rows", HumanCount(used.rows)));
    }
    if (used.temperature - 1.0).abs() > 1e-9 {
        parts.push(format!("temperature {:.2}", used.temperature));
    }
    parts.join(", ")
}

fn checked_line(raw: &CheckedFigures, calibrated: &CheckedFigures) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    format!(
        "of {} checked cells {} are right as the model says, {} calibrated; \
         calibration error {} and {}",
        HumanCount(raw.cells),
        percent(raw.accuracy),
        percent(calibrated.accuracy),
        percent(raw.calibration_error),
        percent(calibrated.calibration_error),
    )
}

/// A line for each cell: its value, and each label's share, raw and calibrated.
fn shares(figures: &LabelFigures, cells: &[LabelCell]) -> Table {
    let header = [("row", Align::Right), ("state", Align::Left), ("value", Align::Left)];
    let header = header.into_iter().map(|(title, align)| (title.to_owned(), align));
    let labels = figures.counts.iter().map(|count| (count.label.clone(), Align::Right));
    let mut table = Table::new(header.chain(labels));
    for cell in cells {
        let share = |share: &LabelShare| match share.calibrated {
            None => format!("{:.2}", share.raw),
            Some(calibrated) => format!("{:.2} ({calibrated:.2})", share.raw),
        };
        let first =
            [cell.row.to_string(), cell.state.as_str().to_owned(), render_value(&cell.value)];
        table.push(first.into_iter().chain(cell.labels.iter().map(share)).collect());
    }
    table
}

/// How often cells of each confidence are right. Bins that are empty both ways are left out.
fn reliability(raw: &CheckedFigures, calibrated: &CheckedFigures) -> Table {
    let mut table = Table::new([
        ("confidence", Align::Left),
        ("cells", Align::Right),
        ("right", Align::Right),
        ("calibrated cells", Align::Right),
        ("right", Align::Right),
    ]);
    for (at, (raw, calibrated)) in raw.reliability.iter().zip(&calibrated.reliability).enumerate() {
        if raw.cells + calibrated.cells == 0 {
            continue;
        }
        let right = |cells: u64, accuracy: f64| match cells {
            0 => String::new(),
            _ => format!("{:.0} %", accuracy * 100.0),
        };
        table.push(vec![
            format!("{}-{} %", at * 10, at * 10 + 10),
            HumanCount(raw.cells).to_string(),
            right(raw.cells, raw.accuracy),
            HumanCount(calibrated.cells).to_string(),
            right(calibrated.cells, calibrated.accuracy),
        ]);
    }
    table
}
