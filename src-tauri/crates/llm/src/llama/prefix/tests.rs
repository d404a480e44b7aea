use proptest::prelude::*;

use super::*;

const ALL: Limits = Limits { prefixes: 8, cells: 100_000, in_part: true, step: 1 };

fn prompt(shared: usize, own: &[Token]) -> Vec<Token> {
    (0..shared as Token).chain(own.iter().copied()).collect()
}

fn slices(prompts: &[Vec<Token>]) -> Vec<&[Token]> {
    prompts.iter().map(Vec::as_slice).collect()
}

fn chosen(kept: &[&[Token]], prompts: &[Vec<Token>], limits: Limits) -> Vec<(usize, usize)> {
    let prefixes = choose(kept, &slices(prompts), prompts.len(), limits);
    prefixes.iter().map(|prefix| (prefix.start, prefix.length)).collect()
}

#[test]
fn the_last_tokens_are_always_computed() {
    let shared =
        |prefix: &[Token], prompt: &[Token], in_part| covered(prefix, shareable(prompt), in_part);
    assert_eq!(shared(&[1, 2, 3], &[1, 2, 3], true), 1);
    assert_eq!(shared(&[1, 2, 3], &[1, 2, 3], false), 0);
    assert_eq!(shared(&[1, 2, 3], &[1, 2, 3, 4, 5], false), 3);
    for short in [&[][..], &[1], &[1, 2]] {
        assert_eq!(shared(&[1, 2, 3], short, true), 0);
    }
}

#[test]
fn rows_find_what_they_have_in_common() {
    let (a, b) = (prompt(40, &[100, 101]), prompt(40, &[200, 201]));
    let pair = [a.clone(), b];
    assert_eq!(chosen(&[], &pair, ALL), [(0, 40)]);
    assert_eq!(chosen(&[&a[..40]], &pair, ALL), [], "the present one is as good");
    assert_eq!(chosen(&[], &pair[..1], ALL), [], "one row alone shares with nobody");
    let short = [a.clone(), prompt(10, &[7])];
    assert_eq!(chosen(&[], &short, ALL), [], "ten tokens are too few");
    assert_eq!(chosen(&[], &[a.clone(), a], ALL), [(0, 40)], "two tokens are left");
}

#[test]
fn a_longer_prefix_pays_only_for_enough_rows() {
    let rows: Vec<Vec<Token>> = (0..4).map(|row| prompt(60, &[1000 + row, 1])).collect();
    assert_eq!(chosen(&[&rows[0][..40]], &rows, ALL), [(40, 60)], "it goes on from the kept one");
    assert_eq!(chosen(&[&rows[0][..50]], &rows[..2], ALL), [], "ten tokens saved");
    let whole = Limits { in_part: false, ..ALL };
    let half_fits = prompt(20, &[999]);
    assert_eq!(
        chosen(&[&half_fits], &rows[..2], whole),
        [(0, 60)],
        "a memory that cannot be copied in part gets nothing from a prefix that only half fits"
    );
}

/// 4 documents of 50 tokens behind an instruction of 30, five questions to each.
fn documents() -> Vec<Vec<Token>> {
    (0..20)
        .map(|row| {
            let (document, question) = (row % 4, row / 4);
            (0..30)
                .chain((0..50).map(|token| 1000 * (document + 1) + token))
                .chain((0..7).map(|token| 10_000 + 10 * question + token))
                .collect()
        })
        .collect()
}

#[test]
fn a_value_that_comes_early_has_a_prefix_of_its_own() {
    let rows = documents();
    // Where part of a prefix can be shared, the first document's has the instruction in it.
    let found = choose(&[], &slices(&rows), rows.len(), ALL);
    let found: Vec<_> = found.iter().map(|new| (new.start, new.length, new.depth)).collect();
    assert_eq!(found, [(0, 80, 0), (30, 80, 1), (30, 80, 1), (30, 80, 1)]);
    let whole = Limits { in_part: false, ..ALL };
    let found = choose(&[], &slices(&rows), rows.len(), whole);
    assert_eq!(found.len(), 5);
    assert_eq!((found[0].start, found[0].length, found[0].depth), (0, 30, 0));
    for group in &found[1..] {
        assert_eq!((group.start, group.length, group.depth), (30, 80, 1));
    }
}

#[test]
fn only_what_the_next_rows_need_is_computed_but_all_that_wait_count() {
    let rows = documents();
    let order = order(&slices(&rows), false);
    let sorted: Vec<Vec<Token>> = order.iter().map(|&row| rows[row].clone()).collect();
    // The first row alone would not pay for its document; four more wait for it.
    let found = choose(&[], &slices(&sorted), 1, ALL);
    assert_eq!(found.iter().map(|prefix| prefix.length).collect::<Vec<_>>(), [80]);
    let whole = Limits { in_part: false, ..ALL };
    let found = choose(&[], &slices(&sorted), 1, whole);
    assert_eq!(found.iter().map(|prefix| prefix.length).collect::<Vec<_>>(), [30, 80]);
}

#[test]
fn the_limits_are_kept_and_the_best_stays() {
    let rows = documents();
    let two = Limits { prefixes: 2, ..ALL };
    assert_eq!(chosen(&[], &rows, two), [(0, 80), (30, 80)]);
    let whole = Limits { in_part: false, ..two };
    assert_eq!(chosen(&[], &rows, whole), [(0, 30), (30, 80)], "the first saves 570 tokens");
    assert_eq!(chosen(&[], &rows, Limits { cells: 90, ..ALL }), [(0, 80)]);
    assert_eq!(chosen(&[], &rows, Limits { cells: 40, ..ALL }), [(0, 30)]);
    assert_eq!(chosen(&[], &rows, Limits { cells: 40, ..whole }), [(0, 30)]);
    assert_eq!(chosen(&[], &rows, Limits { prefixes: 0, ..ALL }), []);
}

#[test]
fn a_start_between_that_saves_little_is_left_out() {
    // Twenty rows share 100 tokens; a single other row shares only 90 of them.
    let mut rows: Vec<Vec<Token>> = (0..20).map(|row| prompt(100, &[1000 + row, 1])).collect();
    rows.push(prompt(95, &[5, 6]));
    let whole = Limits { in_part: false, ..ALL };
    assert_eq!(chosen(&[], &rows, ALL), [(0, 100)], "the other shares part of it");
    assert_eq!(chosen(&[], &rows, whole), [(0, 95), (95, 100)]);
    rows.pop();
    rows.push(prompt(12, &[5, 6]));
    assert_eq!(chosen(&[], &rows, whole), [(0, 100)], "12 tokens are not worth a prefix");
}

#[test]
fn equal_rows_share_all_but_their_last_tokens() {
    let mut rows: Vec<Vec<Token>> = (0..6)
        .map(|row| {
            prompt(30, &(0..25).map(|token| 100 * (row % 3 + 1) + token).collect::<Vec<_>>())
        })
        .collect();
    rows.push(prompt(30, &[7, 8]));
    let found = chosen(&[], &rows, ALL);
    assert_eq!(found, [(0, 53), (30, 53), (30, 53)]);
}

#[test]
fn a_prefix_ends_where_a_step_ends() {
    let rows: Vec<Vec<Token>> = (0..6).map(|row| prompt(150, &[1000 + row, 1])).collect();
    let steps = Limits { prefixes: 1, in_part: false, step: 64, ..ALL };
    assert_eq!(chosen(&[], &rows, steps), [(0, 128)]);
    assert_eq!(chosen(&[&rows[0][..128]], &rows, steps), [], "no step is missing");
    assert_eq!(chosen(&[&rows[0][..64]], &rows, steps), [(64, 128)]);
    let short: Vec<Vec<Token>> = (0..6).map(|row| prompt(63, &[1000 + row, 1])).collect();
    assert_eq!(chosen(&[], &short, steps), [], "less than a step");
    // Of two tokens that every row computes itself, one would be in the second step.
    let whole: Vec<Vec<Token>> = (0..6).map(|_| prompt(129, &[])).collect();
    assert_eq!(chosen(&[], &whole, steps), [(0, 64)]);
}

#[test]
fn groups_come_in_the_order_of_their_first_row() {
    let rows = documents();
    let order = order(&slices(&rows), false);
    assert_eq!(order[..10], [0, 4, 8, 12, 16, 1, 5, 9, 13, 17]);
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..20).collect::<Vec<_>>());
}

#[test]
fn without_groups_rows_stay_as_they_came_unless_sorted_by_length() {
    let lengths = [5, 3, 9, 4];
    let rows: Vec<Vec<Token>> =
        (1..).zip(lengths).map(|(row, length)| vec![1000 * row; length]).collect();
    assert_eq!(order(&slices(&rows), false), [0, 1, 2, 3]);
    assert_eq!(order(&slices(&rows), true), [1, 3, 0, 2]);
}

/// What is computed in all: the new prefixes, then each row from the longest start there is.
fn computed(kept: &[&[Token]], prompts: &[&[Token]], new: &[NewPrefix], in_part: bool) -> usize {
    let mut there: Vec<&[Token]> = kept.to_vec();
    let mut tokens = 0;
    for prefix in new {
        let path = &prompts[prefix.prompt][..prefix.length];
        let start = best_covered(&there, path, in_part);
        assert!(start >= prefix.start, "{prefix:?} starts at {start}");
        tokens += prefix.length - prefix.start;
        there.push(path);
    }
    for prompt in prompts {
        tokens += prompt.len() - best_covered(&there, shareable(prompt), in_part);
    }
    tokens
}

fn small_prompts() -> impl Strategy<Value = Vec<Vec<Token>>> {
    // Blocks of ten equal tokens, so that common starts are long enough to matter.
    let blocks = proptest::collection::vec(0_i32..3, 1..6);
    proptest::collection::vec((blocks, 0_i32..4), 1..12).prop_map(|prompts| {
        prompts
            .into_iter()
            .map(|(blocks, last)| {
                let body = blocks.into_iter().flat_map(|block| (0..10).map(move |_| block));
                body.chain([100 + last]).collect()
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn no_choice_computes_more_than_the_best_single_prefix(
        prompts in small_prompts(),
        kept in small_prompts(),
        prefixes in 1_usize..6,
        in_part: bool,
    ) {
        let prompts = slices(&prompts);
        let kept: Vec<&[Token]> = slices(&kept).into_iter().take(2).collect();
        let limits = Limits { prefixes, in_part, ..ALL };
        let found = choose(&kept, &prompts, prompts.len(), limits);
        prop_assert!(found.len() <= prefixes);
        let ours = computed(&kept, &prompts, &found, in_part);
        let nothing = computed(&kept, &prompts, &[], in_part);
        prop_assert!(ours <= nothing);
        for (row, prompt) in prompts.iter().enumerate() {
            for length in 1..prompt.len() {
                let start = best_covered(&kept, &prompt[..length], in_part);
                let single = [NewPrefix { prompt: row, length, start, depth: 0 }];
                let theirs = computed(&kept, &prompts, &single, in_part);
                // Savings below the least are left alone.
                prop_assert!(
                    ours <= theirs || nothing < theirs + LEAST_SAVED_TOKENS,
                    "{ours} tokens, {theirs} with the first {length} of row {row} alone"
                );
            }
        }
    }

    #[test]
    fn a_prefix_of_whole_steps_is_the_start_of_its_prompt(
        prompts in small_prompts(),
        step in 1_usize..30,
        in_part: bool,
    ) {
        let prompts = slices(&prompts);
        let limits = Limits { in_part, step, ..ALL };
        let found = choose(&[], &prompts, prompts.len(), limits);
        for prefix in &found {
            prop_assert!(prefix.length > prefix.start && prefix.length.is_multiple_of(step));
            prop_assert!(prefix.length <= shareable(prompts[prefix.prompt]).len());
        }
        let ours = computed(&[], &prompts, &found, in_part);
        prop_assert!(ours <= computed(&[], &prompts, &[], in_part));
    }

    #[test]
    fn with_room_for_all_every_shared_token_is_computed_about_once(prompts in small_prompts()) {
        let prompts = slices(&prompts);
        let limits = Limits { prefixes: 100, ..ALL };
        let found = choose(&[], &prompts, prompts.len(), limits);
        let mut starts: Vec<&[Token]> =
            prompts.iter().flat_map(|prompt| (1..prompt.len()).map(|end| &prompt[..end])).collect();
        starts.sort_unstable();
        starts.dedup();
        let least = starts.len() + prompts.len();
        let slack = LEAST_SAVED_TOKENS * prompts.len();
        prop_assert!(computed(&[], &prompts, &found, true) <= least + slack);
    }

    #[test]
    fn an_order_has_every_row_once_and_keeps_groups_together(
        prompts in small_prompts(),
        by_length: bool,
    ) {
        let order = order(&slices(&prompts), by_length);
        let mut all = order.clone();
        all.sort_unstable();
        prop_assert_eq!(all, (0..prompts.len()).collect::<Vec<_>>());
        prop_assert!(by_length || order.first().is_none_or(|&first| first == 0));
    }
}
