use super::seconds;
use super::server::{Refuses, Report, Server};

#[tokio::test(start_paused = true)]
async fn without_a_limit_nearly_everything_is_used_that_was_allowed() {
    for (latency_ms, parallel) in [(100, 64), (100, 5), (1_000, 64), (10, 16)] {
        let report = Server::new(Refuses::Nothing, latency_ms).asked(10_000, parallel).await;
        let ideal = f64::from(parallel) * 1_000.0 / latency_ms as f64;
        let ramp_up = seconds(1).min(report.answered[9_999] / 4);
        let share = report.rate_after(ramp_up) / ideal;
        println!("{parallel} at a time, {latency_ms} ms: {:.2} % of ideal", share * 100.0);
        assert!(share >= 0.95, "{parallel} at a time, {latency_ms} ms: {share}");
        assert_eq!(report.most_at_once, parallel);
        assert!(report.refused.is_empty() && report.pace.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_is_learned_and_kept_to() {
    let saving = |burst| Refuses::Beyond { per_second: 20.0, burst };
    let windows = Refuses::InWindow { count: 20, window: seconds(1) };
    for refuses in [saving(5.0), saving(20.0), saving(40.0), windows] {
        for retry_after in [None, Some(seconds(1))] {
            for refusal_ms in [100, 10] {
                let server = Server::new(refuses, 100);
                let refusal = std::time::Duration::from_millis(refusal_ms);
                let report = Server { refusal, retry_after, ..server }.asked(2_000, 64).await;
                let (rate, wasted) = (report.rate_after(seconds(15)), report.wasted());
                let what = format!(
                    "{refuses:?}, Retry-After {retry_after:?}, refusals after {refusal_ms} ms: \
                     {rate:.2} a second, {:.2} % wasted",
                    wasted * 100.0
                );
                println!("{what}");
                assert!(wasted < 0.05, "{what}");
                // A second without a request each time, and a server that saves up less than
                // that: what is lost is lost.
                let loses_pauses = retry_after.is_some()
                    && matches!(
                        refuses,
                        Refuses::Beyond { burst: 5.0, .. } | Refuses::InWindow { .. }
                    );
                let least = if loses_pauses { 16.0 } else { 18.0 };
                assert!((least..=22.0).contains(&rate), "{what}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_saves_nothing_up_is_asked_evenly() {
    let refuses = Refuses::Beyond { per_second: 20.0, burst: 1.0 };
    let report = Server::new(refuses, 100).asked(2_000, 64).await;
    let rate = report.rate_after(seconds(15));
    println!("no burst: {rate:.2} a second, {:.2} % wasted", report.wasted() * 100.0);
    assert!((18.0..=22.0).contains(&rate) && report.wasted() < 0.05, "{rate}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_by_the_minute_is_used_up_and_then_waited_for() {
    let refuses = Refuses::InWindow { count: 1_200, window: seconds(60) };
    for retry_after in [None, Some(seconds(1)), Some(seconds(10))] {
        let report = Server { retry_after, ..Server::new(refuses, 100) }.asked(3_000, 64).await;
        let (took, wasted) = (report.answered[2_999], report.wasted());
        println!("1,200 a minute, {retry_after:?}: {took:?}, {:.2} % wasted", wasted * 100.0);
        // Two minutes must pass; a pause of up to half a minute may end late.
        assert!(took < seconds(180), "{retry_after:?}: {took:?}");
        assert!(wasted < 0.06, "{retry_after:?}: {wasted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_on_requests_at_once_is_found() {
    for latency_ms in [100, 1_000] {
        let report = Server::new(Refuses::AtOnce(8), latency_ms).asked(5_000, 64).await;
        let busy = report.rate_after(seconds(15)) * latency_ms as f64 / 1_000.0;
        println!("8 at once, {latency_ms} ms: {busy:.1}, {:.2} % wasted", report.wasted() * 100.0);
        assert!(busy > 6.0 && report.wasted() < 0.05, "{latency_ms} ms: {busy}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_by_chance_do_not_bring_it_to_a_standstill() {
    for (share, latency_ms, least) in [(0.05, 100, 30.0), (0.05, 1_000, 3.0), (0.01, 100, 80.0)] {
        let report = Server::new(Refuses::Share(share), latency_ms).asked(10_000, 64).await;
        let rate = report.rate_after(seconds(15));
        println!("{share} refused, {latency_ms} ms: {rate:.1} a second");
        assert!(rate > least, "{share}, {latency_ms} ms: {rate}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_that_moves_is_followed() {
    let wall = |per_second| Server::new(Refuses::Beyond { per_second, burst: per_second }, 100);
    let turns = [(wall(20.0), 1_000), (wall(5.0), 500), (wall(40.0), 8_000)];
    let reports = Server::asked_in_turn(&turns).await;
    let rates: Vec<f64> = reports.iter().map(Report::rate_of_last_half).collect();
    println!("20, then 5, then 40 a second: {rates:.1?}");
    for (rate, expected) in rates.iter().zip([20.0, 5.0, 40.0]) {
        assert!((0.9 * expected..1.1 * expected).contains(rate), "{rates:?}");
    }
}
