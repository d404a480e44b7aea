use braincells_llm::{FinishReason, Message, Role};

use super::*;

const PRICE: Price = Price { prompt_usd_per_million: 1000.0, completion_usd_per_million: 2000.0 };

fn request() -> LLMRequest {
    let mut request = LLMRequest::new("m", vec![Message::new(Role::User, "x".repeat(60))]);
    request.max_tokens = Some(176);
    request
}

fn response(prompt_tokens: u32, completion_tokens: u32, cost_usd: Option<f64>) -> LLMResponse {
    LLMResponse {
        content: "yes it is".to_owned(),
        reasoning: None,
        model: "m".to_owned(),
        prompt_tokens,
        shared_tokens: 0,
        completion_tokens,
        duration_ms: 1,
        finish_reason: FinishReason::Stop,
        confidence: None,
        label_probabilities: Vec::new(),
        cost_usd,
    }
}

fn tokens(tokens: u64) -> RunCap {
    RunCap { micro_usd: None, tokens: Some(tokens) }
}

fn money(micro_usd: u64) -> RunCap {
    RunCap { micro_usd: Some(micro_usd), tokens: None }
}

/// Asks as long as there is room, `most` at once, each answered like this; how many were asked.
fn asks(budget: &mut Budget, most: usize, answer: &LLMResponse) -> u64 {
    let (mut next, mut flight) = (0, Vec::new());
    loop {
        while flight.len() < most && budget.has_room_for(Some(&request())) && next < 1000 {
            budget.asked(RequestId(next), &request());
            flight.push(RequestId(next));
            next += 1;
        }
        let Some(id) = flight.pop() else { return next };
        budget.answered(id, &mut answer.clone());
    }
}

#[test]
fn a_cap_is_kept_however_many_are_asked_at_once() {
    for most in [1, 2, 7, 64] {
        let mut budget = Budget::new(tokens(1000), None, RunSpent::default());
        assert_eq!(asks(&mut budget, most, &response(90, 10, None)), 10, "{most}");
        assert_eq!(budget.spent().tokens, 1000);
        assert_eq!(budget.reached(), "the limit of 1000 tokens is reached: 1000 were taken");
        let mut budget = Budget::new(money(50_000), Some(PRICE), RunSpent::default());
        assert_eq!(asks(&mut budget, most, &response(5, 5, Some(0.01))), 5, "{most}");
        assert_eq!(budget.reached(), "the limit of $0.05 is reached: $0.05 was spent");
    }
}

#[test]
fn what_does_not_fit_any_more_is_not_asked() {
    let mut budget = Budget::new(tokens(1050), None, RunSpent::default());
    assert_eq!(asks(&mut budget, 5, &response(90, 10, None)), 10);
    assert!(!budget.is_used_up());
    assert_eq!(budget.reached(), "the limit of 1050 tokens would be passed: 1000 were taken");
}

#[test]
fn before_the_first_answer_the_longest_is_expected() {
    // Each is guessed at 24 + 176 tokens.
    let mut budget = Budget::new(tokens(450), None, RunSpent::default());
    for id in 0..2 {
        assert!(budget.has_room_for(Some(&request())));
        budget.asked(RequestId(id), &request());
    }
    assert!(!budget.has_room_for(Some(&request())) && !budget.has_room_for(None));
    budget.gone(RequestId(0));
    assert!(budget.has_room_for(Some(&request())), "what failed leaves its place");
    let mut tiny = Budget::new(tokens(1), None, RunSpent::default());
    assert_eq!(asks(&mut tiny, 9, &response(1, 0, None)), 1, "one goes out to try");
    let mut none = Budget::new(tokens(0), None, RunSpent::default());
    assert_eq!(asks(&mut none, 9, &response(1, 0, None)), 0);
    let mut dear = Budget::new(money(1_000_000), Some(PRICE), RunSpent::default());
    dear.asked(RequestId(0), &request());
    dear.asked(RequestId(1), &request());
    assert!(!dear.has_room_for(Some(&request())), "0.376 dollars each");
    let mut unpriced = Budget::new(money(1_000_000), None, RunSpent::default());
    assert!(unpriced.has_room_for(Some(&request())));
    unpriced.asked(RequestId(0), &request());
    assert!(!unpriced.has_room_for(Some(&request())), "not before its cost is told");
}

#[test]
fn money_that_nobody_counts_ends_a_run_whose_money_is_limited() {
    let mut budget = Budget::new(money(50_000), None, RunSpent::default());
    assert_eq!(asks(&mut budget, 8, &response(5, 5, None)), 1, "one shows that nothing is told");
    let reached = "the limit of $0.05 cannot be kept: the provider does not tell what answers cost";
    assert_eq!(budget.reached(), reached);
    assert!(budget.is_used_up());
    let spent = RunSpent { cost_usd: None, tokens: 10, answers: 1 };
    let mut again = Budget::new(money(5_000_000), None, spent);
    assert_eq!(asks(&mut again, 8, &response(5, 5, None)), 0);
    let mut priced = Budget::new(money(50_000), Some(PRICE), RunSpent::default());
    assert_eq!(asks(&mut priced, 1, &response(5, 5, None)), 3, "0.015 dollars each");
    let mut counted = Budget::new(tokens(100), None, spent);
    assert_eq!(asks(&mut counted, 1, &response(5, 5, None)), 9, "tokens are known");
}

#[test]
fn what_was_spent_before_a_pause_counts() {
    let spent = RunSpent { cost_usd: Some(0.07), tokens: 700, answers: 7 };
    let mut budget = Budget::new(tokens(1000), None, spent);
    assert_eq!(asks(&mut budget, 4, &response(90, 10, None)), 3);
    let mut budget = Budget::new(money(90_000), Some(PRICE), spent);
    assert_eq!(asks(&mut budget, 4, &response(5, 5, Some(0.01))), 2);
    let mut over = Budget::new(tokens(700), None, spent);
    assert_eq!(asks(&mut over, 4, &response(90, 10, None)), 0);
    let mut free = Budget::new(RunCap::default(), None, spent);
    assert_eq!(asks(&mut free, 64, &response(90, 10, None)), 1000);
}

#[test]
fn a_part_whose_cost_nobody_knew_counts_at_its_dearest() {
    let spent = RunSpent { cost_usd: None, tokens: 20, answers: 2 };
    let mut budget = Budget::new(money(80_000), Some(PRICE), spent);
    assert_eq!(budget.spent().cost_usd, Some(0.04), "2000 dollars for a million tokens");
    assert_eq!(asks(&mut budget, 9, &response(0, 10, None)), 2, "0.02 dollars each");
    let untouched = Budget::new(money(1), Some(PRICE), RunSpent::default());
    assert_eq!(untouched.spent(), RunSpent::default());
}

#[test]
fn what_came_to_no_answer_was_taken_all_the_same() {
    let mut budget = Budget::new(tokens(1000), None, RunSpent::default());
    budget.lost(500, None);
    assert_eq!(asks(&mut budget, 4, &response(90, 10, None)), 5);
    let mut budget = Budget::new(money(50_000), None, RunSpent::default());
    assert_eq!(budget.lost(10, Some(0.03)), Some(0.03));
    assert_eq!(asks(&mut budget, 4, &response(5, 5, Some(0.01))), 2);
    let spent = RunSpent { cost_usd: Some(0.04), tokens: 40, answers: 2 };
    let mut budget = Budget::new(money(100_000), None, spent);
    assert_eq!(budget.lost(10, None), Some(0.02), "as much as an answer");
    assert_eq!(asks(&mut budget, 4, &response(5, 5, Some(0.02))), 2);
    let mut unpriced = Budget::new(money(50_000), None, RunSpent::default());
    assert_eq!(unpriced.lost(10, None), None);
    assert!(unpriced.has_room_for(Some(&request())), "an answer may still tell its cost");
}

#[test]
fn a_model_that_thinks_is_expected_to() {
    // Each is guessed at 24 + 176 tokens, and 100 of thinking.
    let mut budget = Budget::new(tokens(500), None, RunSpent::default()).with_thinking(100);
    budget.asked(RequestId(0), &request());
    assert!(!budget.has_room_for(Some(&request())));
}

#[test]
fn money_is_written_as_it_is() {
    let cases = [
        (0.0, "$0.00"),
        (1.0, "$1.00"),
        (12.5, "$12.50"),
        (0.000_123, "$0.000123"),
        (0.1 + 0.2, "$0.30"),
    ];
    for (usd, text) in cases {
        assert_eq!(dollars(usd), text);
    }
}
