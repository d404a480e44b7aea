//! `models search`, `info`, `fit` and `catalogue`: what a model is, and whether it fits.

use braincells_core::{AppError, Code};
use braincells_workbench::{
    Gate, HubModel, HubRepository, Judgement, Model, ModelInfo, RecommendedModel, Runtime, Search,
    Verdict,
};
use indicatif::{HumanBytes, HumanCount};
use serde_json::json;

use super::moment;
use crate::args::{CatalogueArgs, ModelArg, ModelFitArgs, SearchArgs};
use crate::failure::{Ending, Failure};
use crate::session::{Session, absolute};
use crate::table::{Align, Table};
use crate::text::printable;

/// Looks for models on the hub.
pub async fn search(session: &Session, arguments: &SearchArgs) -> Result<Ending, Failure> {
    let search = Search {
        text: arguments.words.join(" "),
        runtime: if arguments.mlx { Runtime::Mlx } else { Runtime::Gguf },
        sort: arguments.sort.into(),
        limit: arguments.limit,
    };
    let found = session.unless_stopped(session.workbench.search_models(search)).await?;
    session.output.result("models search", &json!({ "models": found }))?;
    if found.is_empty() {
        session.output.notice("the hub has no such model; try fewer words");
        return Ok(Ending::Complete);
    }
    session.output.say_table(&search_table(&found), false)?;
    session.output.notice("`braincells models info NAME` lists the quantisations of one");
    Ok(Ending::Complete)
}

fn search_table(found: &[HubModel]) -> Table {
    let mut table = Table::new([
        ("name", Align::Left),
        ("parameters", Align::Right),
        ("downloads", Align::Right),
        ("likes", Align::Right),
        ("licence", Align::Left),
        ("changed", Align::Left),
        ("", Align::Left),
    ]);
    for model in found {
        table.push(vec![
            model.id.clone(),
            model.parameters.map(parameters).unwrap_or_default(),
            HumanCount(model.downloads).to_string(),
            HumanCount(model.likes).to_string(),
            model.licence.clone().unwrap_or_default(),
            model.updated_at_ms.map(moment).unwrap_or_default(),
            gate(model.gate).unwrap_or_default().to_owned(),
        ]);
    }
    table
}

/// Says what a model is: one of this machine by its header, one of the hub by its repository.
pub async fn info(session: &Session, arguments: &ModelArg) -> Result<Ending, Failure> {
    let local = session.unless_stopped(session.workbench.model_info(&arguments.model)).await;
    match (local, may_be_on_hub(session, &arguments.model).await?) {
        (Ok(info), _) => {
            session.output.result("models info", &info)?;
            session.output.say(&info_lines(&info))?;
        }
        (Err(Failure::App(error)), true) if error.code == Code::ModelMissing => {
            let asked = session.workbench.hub_repository(&arguments.model);
            let found = session.unless_stopped(asked).await?;
            session.output.result("models info", &found)?;
            say_repository(session, &found)?;
        }
        (Err(failure), _) => return Err(failure),
    }
    Ok(Ending::Complete)
}

/// Says whether a model fits this machine.
pub async fn fit(session: &Session, arguments: &ModelFitArgs) -> Result<Ending, Failure> {
    let model = &arguments.model.model;
    let local = session.unless_stopped(session.workbench.model_info(model)).await;
    match (local, may_be_on_hub(session, model).await?) {
        (Ok(ModelInfo { fit: Some(fit), problem: None, .. }), _) => {
            session.output.result("models fit", &fit)?;
            session.output.say(&fit_lines(&fit))?;
        }
        (Ok(ModelInfo { problem, .. }), _) => {
            let problem = problem.unwrap_or_else(|| "it cannot be told whether it fits".to_owned());
            let error = AppError::new(Code::ModelBroken, problem);
            return Err(error.with_hint("take another file of this model").into());
        }
        (Err(Failure::App(error)), true) if error.code == Code::ModelMissing => {
            let label = arguments.quantisation.as_deref().unwrap_or_default();
            let fit = session.unless_stopped(session.workbench.hub_fit(model, label)).await?;
            session.output.result("models fit", &fit)?;
            let problem = fit.problem.iter().map(|problem| ("Problem", problem));
            let facts = [("Quantisation", &fit.label)].into_iter().chain(problem);
            let mut lines: Vec<String> = facts.map(|(title, fact)| line(title, fact)).collect();
            lines.extend(fit_lines(&fit.judgement));
            session.output.say(&lines)?;
        }
        (Err(failure), _) => return Err(failure),
    }
    Ok(Ending::Complete)
}

/// Lists the recommended models. Asks nobody.
pub async fn catalogue(session: &Session, arguments: &CatalogueArgs) -> Result<Ending, Failure> {
    if let Some(path) = &arguments.from {
        let path = absolute(path)?;
        let updated = session.workbench.set_model_catalogue(&path).await?;
        session.output.notice(&format!("the list of {updated} is used from now on"));
    }
    let models = session.unless_stopped(session.workbench.recommended_models()).await?;
    session.output.result("models catalogue", &json!({ "models": models }))?;
    let mut table = Table::new([
        ("name", Align::Left),
        ("parameters", Align::Right),
        ("quantisation", Align::Left),
        ("download", Align::Right),
        ("fit", Align::Left),
        ("licence", Align::Left),
        ("good for", Align::Left),
        ("", Align::Left),
    ]);
    for one in models.iter().filter(|one| one.available) {
        let RecommendedModel { model, fits, suggested, installed, .. } = one;
        let index = suggested.unwrap_or(0);
        let variant = model.variants.get(index);
        let verdict = fits.get(index).copied().unwrap_or(Verdict::WillNotFit);
        table.push(vec![
            model.id.clone(),
            parameters(model.parameters),
            variant.map(|variant| variant.label.clone()).unwrap_or_default(),
            variant.map(|variant| HumanBytes(variant.bytes).to_string()).unwrap_or_default(),
            word(verdict).to_owned(),
            model.licence.clone(),
            model.good_for.clone(),
            here(model, installed, index),
        ]);
    }
    session.output.say_table(&table, false)?;
    session.output.notice("`braincells models pull NAME` downloads one");
    Ok(Ending::Complete)
}

/// Whether the quantisation at this place is here; where another one is, which.
fn here(model: &Model, installed: &[Option<String>], index: usize) -> String {
    if installed.get(index).is_some_and(Option::is_some) {
        return "here".to_owned();
    }
    let other = installed.iter().position(Option::is_some);
    let variant = other.and_then(|place| model.variants.get(place));
    variant.map(|variant| format!("{} is here", variant.label)).unwrap_or_default()
}

/// Whether a name that no model of this machine has can mean one of the hub.
async fn may_be_on_hub(session: &Session, text: &str) -> Result<bool, Failure> {
    Ok(session.workbench.is_hub_reference(text).await?)
}

fn info_lines(info: &ModelInfo) -> Vec<String> {
    let mut facts = vec![
        ("Name", info.name.clone()),
        ("File", info.path.display().to_string()),
        ("Size", HumanBytes(info.bytes).to_string()),
    ];
    let optional = [
        ("Calls itself", info.title.clone()),
        ("Architecture", info.architecture.clone()),
        ("Quantisation", info.quantisation.clone()),
        ("Parameters", info.parameters.map(parameters)),
        ("Context", info.context_length.map(|count| format!("{} tokens", HumanCount(count)))),
        ("Layers", info.layers.map(|count| count.to_string())),
        ("Vocabulary", info.vocabulary_size.map(|count| HumanCount(count).to_string())),
        ("Licence", info.licence.clone()),
    ];
    facts.extend(optional.into_iter().filter_map(|(title, fact)| Some((title, fact?))));
    if info.problem.is_none() {
        let template = if info.chat_template { "yes" } else { "none: it may be a base model" };
        facts.push(("Chat template", template.to_owned()));
    }
    if let Some(problem) = &info.problem {
        facts.push(("Problem", problem.clone()));
    }
    let mut lines: Vec<String> = facts.iter().map(|(title, fact)| line(title, fact)).collect();
    lines.extend(info.fit.iter().flat_map(fit_lines));
    lines
}

fn line(title: &str, fact: &str) -> String {
    format!("{title:<14} {}", printable(fact))
}

fn fit_lines(fit: &Judgement) -> Vec<String> {
    let bytes = |count: u64| HumanBytes(count).to_string();
    let memory = &fit.memory;
    let facts = [
        ("Fit", format!("{}: {}", word(fit.verdict), fit.reason)),
        (
            "Memory",
            format!(
                "weights {}, keys and values {}, computing {}",
                bytes(memory.weights_bytes),
                bytes(memory.kv_bytes),
                bytes(memory.compute_bytes.saturating_add(memory.output_bytes)),
            ),
        ),
    ];
    facts.iter().map(|(title, fact)| line(title, fact)).collect()
}

fn say_repository(session: &Session, found: &HubRepository) -> Result<(), Failure> {
    let repository = &found.repository;
    let mut facts = vec![
        ("Repository", repository.id.clone()),
        ("Downloads", HumanCount(repository.downloads).to_string()),
    ];
    let optional = [
        ("Architecture", repository.architecture.clone()),
        ("Parameters", repository.parameters.map(parameters)),
        ("Context", repository.context_length.map(|n| format!("{} tokens", HumanCount(n)))),
        ("Licence", repository.licence.clone()),
        ("Changed", repository.updated_at_ms.map(moment)),
        ("Access", gate(repository.gate).map(str::to_owned)),
    ];
    facts.extend(optional.into_iter().filter_map(|(title, fact)| Some((title, fact?))));
    let projectors = repository.projectors.iter();
    facts.extend(projectors.map(|file| ("Sees with", file.path.clone())));
    facts.extend(repository.notes.iter().map(|note| ("Note", note.clone())));
    facts.extend(found.problem.iter().map(|problem| ("Problem", problem.clone())));
    let lines: Vec<String> = facts.iter().map(|(title, fact)| line(title, fact)).collect();
    session.output.say(&lines)?;
    let mut table = Table::new([
        ("quantisation", Align::Left),
        ("download", Align::Right),
        ("fit", Align::Left),
        ("", Align::Left),
    ]);
    for (index, choice) in repository.choices.iter().enumerate() {
        let mut remarks = Vec::new();
        if found.installed.get(index).is_some_and(Option::is_some) {
            remarks.push("here".to_owned());
        }
        // Where nothing will fit one is named all the same, and suits nobody.
        let fits = found.fits.get(index).is_some_and(|fit| *fit != Verdict::WillNotFit);
        if fits && found.suggested == Some(index) {
            remarks.push("suits this machine".to_owned());
        }
        if choice.files.len() > 1 {
            remarks.push(format!("{} files", choice.files.len()));
        }
        table.push(vec![
            choice.label.clone(),
            HumanBytes(choice.bytes).to_string(),
            found.fits.get(index).copied().map(word).unwrap_or_default().to_owned(),
            remarks.join(", "),
        ]);
    }
    session.output.say_table(&table, false)
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fits => "fits",
        Verdict::MayBeSlow => "may be slow",
        Verdict::WillNotFit => "will not fit",
    }
}

fn gate(gate: Gate) -> Option<&'static str> {
    match gate {
        Gate::Open => None,
        Gate::Automatic => Some("after its terms are accepted"),
        Gate::Manual => Some("once its owner agrees"),
    }
}

/// A number of parameters as models are called after it.
fn parameters(count: u64) -> String {
    match count {
        10_000_000_000.. => format!("{:.0}B", count as f64 / 1e9),
        1_000_000_000.. => format!("{:.1}B", count as f64 / 1e9),
        _ => format!("{:.0}M", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_called_after_their_parameters() {
        for (count, expected) in [
            (134_515_008, "135M"),
            (1_235_814_432, "1.2B"),
            (8_030_261_312, "8.0B"),
            (70_553_706_560, "71B"),
        ] {
            assert_eq!(parameters(count), expected);
        }
    }
}
