//! Finding a model among those of a backend.

use braincells_llm::cloud::ListedModel;

use super::BackendModel;

/// Models that are shown at once.
const MOST_SHOWN: usize = 200;

/// The models whose ids hold every word of `search`: those that were typed by hand first, with what
/// the backend says about them.
pub(super) fn found(by_hand: &[String], listed: &[ListedModel], search: &str) -> Vec<BackendModel> {
    let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    let fits = |id: &str| {
        let id = id.to_lowercase();
        words.iter().all(|word| id.contains(word))
    };
    let typed = by_hand.iter().map(|id| match listed.iter().find(|model| model.id == *id) {
        Some(model) => shown(model),
        None => BackendModel { id: id.clone(), context_tokens: None, price: None },
    });
    let others = listed.iter().filter(|model| !by_hand.contains(&model.id)).map(shown);
    typed.chain(others).filter(|model| fits(&model.id)).take(MOST_SHOWN).collect()
}

fn shown(model: &ListedModel) -> BackendModel {
    let ListedModel { id, context_tokens, price, .. } = model;
    BackendModel { id: id.clone(), context_tokens: *context_tokens, price: *price }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_search_is_in_the_id_and_own_models_come_first() {
        let listed: Vec<ListedModel> = ["meta/Llama-3-8B", "meta/llama-3-70b", "qwen/qwen3-8b"]
            .map(|id| ListedModel { id: id.to_owned(), context_tokens: Some(9), price: None })
            .to_vec();
        let ids = |by_hand: &[&str], search: &str| {
            let by_hand: Vec<String> = by_hand.iter().map(|id| (*id).to_owned()).collect();
            let found = found(&by_hand, &listed, search);
            found.into_iter().map(|model| model.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&[], "LLAMA 8b"), ["meta/Llama-3-8B"]);
        assert_eq!(ids(&[], "  "), ["meta/Llama-3-8B", "meta/llama-3-70b", "qwen/qwen3-8b"]);
        let own = ids(&["mine", "qwen/qwen3-8b"], "");
        assert_eq!(own, ["mine", "qwen/qwen3-8b", "meta/Llama-3-8B", "meta/llama-3-70b"]);
        assert_eq!(ids(&["mine"], "8b"), ["meta/Llama-3-8B", "qwen/qwen3-8b"]);
        let many: Vec<String> = (0..500).map(|at| format!("m-{at}")).collect();
        assert_eq!(found(&many, &[], "m-").len(), MOST_SHOWN);
    }
}
