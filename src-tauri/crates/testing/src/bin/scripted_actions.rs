//! A process to be killed: works on a sheet as an impatient person does, at random, and says on
//! its standard output what is done.
//!
//! `scripted_actions HOME CSV SEED` prints, one a line and flushed: `opened`, then after each
//! action `done LAST UNDONE`: the greatest id of a step that counts, and how many steps are undone
//! and can be done again.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use braincells_core::{AppError, Code, Column, DataType, IgnoreEvents, RunScope, SheetId};
use braincells_llm::FakeEngine;
use braincells_testing::{Dice, ScriptedEngines, sheet_probe_beside, text_recipe};
use braincells_workbench::{
    EngineOptions, Home, InputFile, RowPlace, SystemClock, Workbench, World,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), AppError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, source, seed] = arguments.as_slice() else {
        return Err(AppError::new(Code::BadInput, "usage: scripted_actions HOME CSV SEED"));
    };
    let workbench = Workbench::open(World {
        home: Home::new(PathBuf::from(home)),
        clock: Arc::new(SystemClock),
        events: Arc::new(IgnoreEvents),
        engines: Arc::new(ScriptedEngines::new(Arc::new(FakeEngine::echo()))),
        probe: Arc::new(sheet_probe_beside()?),
        cloud: braincells_testing::no_backends(),
    })?;
    let sheet = match workbench.sheets().await?.first() {
        Some(sheet) => sheet.id,
        None => workbench.import(&InputFile::new(source)).await?.id,
    };
    say("opened");
    let mut dice = Dice::new(seed.parse().unwrap_or_default());
    loop {
        match act(&workbench, sheet, &mut dice).await {
            Ok(()) => {}
            // What a person would be refused: a taken name, a column in use.
            Err(error) if matches!(error.code, Code::Conflict | Code::BadInput) => continue,
            Err(error) => return Err(error),
        }
        let steps = workbench.steps(sheet).await?;
        let last = steps.iter().filter(|step| !step.undone).map(|step| step.id.0).max();
        let undone = steps.iter().filter(|step| step.undone).count();
        say(&format!("done {} {undone}", last.unwrap_or(0)));
    }
}

async fn act(workbench: &Workbench, sheet: SheetId, dice: &mut Dice) -> Result<(), AppError> {
    let columns = workbench.columns(sheet).await?;
    let column = columns[dice.below(columns.len() as u64) as usize].clone();
    let row = workbench.rows_at(sheet, None, dice.below(200), 1).await?;
    let Some(row) = row.first().copied() else { return Ok(()) };
    let salt = dice.below(1000);
    match dice.below(12) {
        0..=2 => workbench.edit_cell(sheet, column.id, row, format!("word {salt}").into()).await,
        3 => workbench.insert_rows(sheet, RowPlace::Before(row), 1 + salt % 3).await.map(drop),
        4 => workbench.delete_rows(sheet, &[row]).await,
        5 => workbench.move_rows(sheet, &[row], RowPlace::First).await,
        6 if columns.len() < 12 => {
            let recipe = text_recipe(&format!("Say {salt}: {{{{{}}}}}", column.name));
            workbench.add_ai_column(sheet, &format!("ai {salt}"), recipe).await.map(drop)
        }
        7 if columns.len() < 12 => {
            let name = format!("typed {salt}");
            workbench.add_data_column(sheet, &name, DataType::Text).await.map(drop)
        }
        6 | 7 => workbench.delete_columns(sheet, &[column.id]).await,
        8 => run(workbench, sheet, &columns).await,
        9 => workbench.rename_column(sheet, column.id, &format!("column {salt}")).await,
        10 => workbench.undo(sheet).await.map(drop),
        _ => workbench.redo(sheet).await.map(drop),
    }
}

async fn run(workbench: &Workbench, sheet: SheetId, columns: &[Column]) -> Result<(), AppError> {
    let Some(column) = columns.iter().find(|column| column.recipe().is_some()) else {
        return Ok(());
    };
    let options = EngineOptions::default();
    let run = workbench.run(sheet, column.id, RunScope::Pending, &options).await?;
    run.finished().await;
    Ok(())
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe means that the test is over; there is nobody left to tell.
    let told = writeln!(out, "{line}").and_then(|()| out.flush());
    drop(told);
}
