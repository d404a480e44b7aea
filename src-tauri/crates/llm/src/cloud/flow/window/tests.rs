use super::*;

fn after_successes(window: &mut Window, count: u32) -> u32 {
    (0..count).for_each(|_| window.succeeded(false));
    window.size()
}

#[test]
fn it_doubles_with_each_round_until_the_limit() {
    let mut window = Window::new(64);
    let mut sizes = vec![window.size()];
    for _ in 0..5 {
        let round = window.size();
        sizes.push(after_successes(&mut window, round));
    }
    assert_eq!(sizes, [5, 10, 20, 40, 64, 64]);
    for limit in [0, 1, 3] {
        assert_eq!(Window::new(limit).size(), limit.max(1), "limit {limit}");
    }
}

#[test]
fn it_halves_and_then_grows_by_one_for_each_window_of_successes() {
    let mut window = Window::new(64);
    after_successes(&mut window, 35);
    assert_eq!(window.size(), 40);
    window.react();
    window.halve();
    assert_eq!(window.size(), 20);
    assert_eq!(after_successes(&mut window, 19), 20);
    assert_eq!(after_successes(&mut window, 1), 21);
    assert_eq!(after_successes(&mut window, 21), 22);
    for _ in 0..10 {
        window.halve();
    }
    assert_eq!(window.size(), 1, "never under one");
    assert_eq!(after_successes(&mut window, 1), 2);
}

#[test]
fn narrowed_it_lets_one_through_until_several_succeeded_and_each_time_more() {
    let mut window = Window::new(64);
    let (now, later) = (Duration::ZERO, Duration::from_hours(1));
    for successes in [8, 16, 32] {
        window.narrow();
        for _ in 0..successes {
            let number = window.sent(now);
            assert!(window.is_alone(true, number));
            assert_eq!(window.free_at(Duration::ZERO, later), None, "however silent it is");
            window.ended(number);
            window.succeeded(false);
        }
        assert_eq!(after_successes(&mut window, 3), 4, "then it doubles again");
    }
    window.narrow();
    window.widen();
    assert_eq!((window.size(), after_successes(&mut window, 5)), (5, 10));
    window.widen();
    assert_eq!(window.size(), 10, "it is not narrow");
    let first = window.sent(now);
    window.sent(now);
    assert!(!window.is_alone(true, first));
}

#[test]
fn half_of_the_answers_must_break_off_and_not_one_alone() {
    let cases: [(&[bool], bool); 6] = [
        (&[true], false),
        (&[true, true], true),
        (&[true, false, true, false], true),
        (&[false, false, false, true, true], false),
        (&[true, true, false, false, false, false], false),
        (&[true, false, true, false, true, false, true, false, true], true),
    ];
    for (ends, expected) in cases {
        let mut window = Window::new(8);
        for &is_broken in ends {
            window.note_end(is_broken);
        }
        assert_eq!(window.breaks_most(), expected, "{ends:?}");
    }
    let mut window = Window::new(8);
    (0..3).for_each(|_| window.narrow());
    (0..8).for_each(|_| window.note_end(false));
    window.narrow();
    assert_eq!(window.narrow, NARROW, "it had become another server's");
}

#[test]
fn what_was_sent_before_a_reaction_is_no_news() {
    let mut window = Window::new(8);
    let now = Duration::ZERO;
    let before = [window.sent(now), window.sent(now)];
    assert!(before.iter().all(|&number| window.is_news(number)));
    window.react();
    let after = window.sent(now);
    assert!(!before.iter().any(|&number| window.is_news(number)));
    assert!(window.is_news(after));
}

#[test]
fn those_that_are_silent_for_too_long_do_not_fill_it() {
    let (mut window, second) = (Window::new(6), Duration::from_secs(1));
    let sent: Vec<u64> = (0..5).map(|at| window.sent(second * at)).collect();
    let free_at = |window: &Window| window.free_at(second * 10, second * 5);
    assert_eq!(free_at(&window), Some(second * 10), "the first one is beyond hope by then");
    window.heard(sent[0]);
    assert_eq!(free_at(&window), Some(second * 11), "it was heard of, so the second one");
    window.halve();
    assert_eq!((window.size(), free_at(&window)), (2, Some(second * 14)), "four of them");
    window.heard(sent[1]);
    assert_eq!(free_at(&window), None, "only three are silent");
    window.ended(sent[4]);
    assert_eq!((window.in_flight(), free_at(&window)), (4, None));
    window.ended(sent[0]);
    assert_eq!(free_at(&window), Some(second * 13));
    let later = second * 60;
    assert_eq!(window.free_at(second * 10, later), Some(later));
    while window.in_flight() < 6 {
        window.sent(later);
    }
    assert_eq!(window.free_at(Duration::ZERO, later), None, "the limit is the limit");
}
